"""What fails in code of the user's own, and where, in words."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from types import CodeType
from typing import Any

import archdsl
from archdsl.training.failures import first_line
from archdsl.training.prepare import Prepared

PAIR = "a batch is a pair: images (B, C, H, W), float32, and labels (B,), int64"


def failure(error: Exception, data: Prepared, cure: str) -> str:
    """What went wrong in the user's code, and where, in words."""
    own = {"module": data.module, "datamodule": data.datamodule and type(data.datamodule)}
    classes = {name: cls for name, cls in own.items() if cls is not None}
    frames = list(_own_frames(error, data.source.classes, classes))
    words = first_line(error)
    address = next(iter(classes))
    if not frames:
        name = getattr(data.recipe, address)
        return f"search.proxy.{address}: {name} cannot be used ({words}).  {cure}"
    hook = frames[0][0].co_qualname
    code, line = frames[-1]
    if len(classes) == 2:
        names = {cls.__name__ for cls in classes["datamodule"].__mro__}
        address = "datamodule" if hook.partition(".")[0] in names else "module"
    place = f"{Path(code.co_filename).name}:{line}"
    return f"search.proxy.{address}: {place}: {hook} fails ({words}).  {cure}"


def _own_frames(
    error: BaseException, folder: Path, classes: dict[str, Any]
) -> Iterator[tuple[CodeType, int]]:
    """The frames of an error that lie in the user's files, outermost first, with their lines."""
    files = {inspect.getfile(cls) for cls in classes.values()}
    ours = Path(archdsl.__file__).parent
    step = error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        path = Path(code.co_filename)
        below = path.is_relative_to(folder.resolve()) and "site-packages" not in path.parts
        if (code.co_filename in files or below) and not path.is_relative_to(ours):
            yield code, step.tb_lineno
        step = step.tb_next
