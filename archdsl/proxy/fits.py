"""Whether a network and the data belong together, before the first trial."""

from __future__ import annotations

from archdsl.data.source import SourceInfo
from archdsl.errors import SearchError
from archdsl.network import Shape


def check_fits(
    input_shape: Shape, classes: int, info: SourceInfo, *, size: int | None = None
) -> None:
    """Raise SearchError, naming the `--set` that mends it, where spec and data disagree.

    size: the side that training scales images to, `search.proxy.size`; None to take them as
        they are
    """
    channels, height, width = input_shape
    wanted = (info.channels or channels, *(info.size or (height, width)))
    if size is not None:
        wanted = (wanted[0], height, width)
    problems: list[str] = []
    cures: list[str] = []
    if input_shape != wanted:
        problems.append(f"input is {_shape(input_shape)}, and the images are {_shape(wanted)}")
        if info.name.startswith("npz ") and wanted[2] == channels != wanted[0]:
            cures.append("layout: nhwc  in search.proxy.data, as the channels come last")
        else:
            cures.append(f"--set input=[{','.join(map(str, wanted))}]")
    if info.classes is not None and classes != info.classes:
        problems.append(f"classes is {classes}, and the data has {info.classes}")
        cures.append(f"--set classes={info.classes}")
    elif classes == 0:
        problems.append("classes is 0, and a search needs a classifier")
        cures.append("--set classes=N")
    if problems:
        raise SearchError(
            f"the spec does not fit the data ({info.name}): {'; '.join(problems)}.  "
            f"write  {' '.join(cures)}"
        )


def _shape(shape: Shape) -> str:
    return "x".join(map(str, shape))
