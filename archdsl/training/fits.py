"""Whether a network and the data belong together, before the first trial."""

from __future__ import annotations

from archdsl.compiler.network import Shape
from archdsl.data.source import SourceInfo, is_usual
from archdsl.errors import SearchError


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
    first = ""
    if input_shape != wanted:
        problems.append(f"input is {_shape(input_shape)}, and the images are {_shape(wanted)}")
        relaid = _relaid(input_shape, info, size)
        if relaid is not None:
            layout, wanted = relaid
            place = "last" if layout == "nhwc" else "first"
            first = f"layout: {layout}  in search.proxy.data, as the channels come {place}"
        if input_shape != wanted:
            cures.append(f"--set input=[{','.join(map(str, wanted))}]")
    if info.classes is not None and classes != info.classes:
        problems.append(f"classes is {classes}, and the data has {info.classes}")
        cures.append(f"--set classes={info.classes}")
    elif classes == 0:
        problems.append("classes is 0, and a search needs a classifier")
        cures.append("--set classes=N")
    if problems:
        cure = ", and  ".join(part for part in (first, " ".join(cures)) if part)
        raise SearchError(
            f"the spec does not fit the data ({info.name}): {'; '.join(problems)}.  write  {cure}"
        )


def _relaid(input_shape: Shape, info: SourceInfo, size: int | None) -> tuple[str, Shape] | None:
    """The other layout of the arrays and the images under it, where that one is meant."""
    if info.relaid is None or info.channels is None or info.size is None:
        return None
    layout, other = info.relaid
    shape = other if size is None else (other[0], *input_shape[1:])
    asked_for = input_shape == shape and not is_usual((info.channels, *info.size))
    return (layout, shape) if asked_for or is_usual(other) else None


def _shape(shape: Shape) -> str:
    return "x".join(map(str, shape))
