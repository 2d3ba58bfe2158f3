"""One training batch and one validation batch before the first trial: does the user's code run?"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import torch
from torch import nn

import archdsl
from archdsl.errors import SearchError
from archdsl.language.settings import ProxySettings
from archdsl.training.failures import OUT_OF_MEMORY, Diverged, cause_of, first_line
from archdsl.training.metrics import metric
from archdsl.training.prepare import Prepared
from archdsl.training.train import first_batches

PAIR = "a batch is a pair: images (B, C, H, W), float32, and labels (B,), int64"

_ONE_IMAGE = "Expected more than 1 value per channel when training"


def look(
    model: nn.Module, settings: ProxySettings, data: Prepared, objectives: Sequence[str]
) -> None:
    """Put one batch of each sort through the very training that trials get.

    model: a member of the space, of no use afterwards
    objectives: the metrics that have to be logged
    Raises SearchError, in words, for what of the user's own code or data cannot be used. What an
    architecture does (diverge, want too much memory) is its trial's affair.
    """
    try:
        logged = first_batches(model, settings, data)
        if data.alone and data.module is None:
            _one_image(model, settings, data)
    except SearchError:
        raise
    except Diverged:
        return
    except Exception as error:
        if cause_of(error) == OUT_OF_MEMORY:
            return
        if _ONE_IMAGE in str(error):
            raise SearchError(_batch_norm(settings, "the first batch")) from error
        given = f"the batch is {data.batch}" if data.batch else PAIR
        raise SearchError(failure(error, settings, given)) from error
    for name in objectives:
        metric(logged, name)


def _one_image(model: nn.Module, settings: ProxySettings, data: Prepared) -> None:
    """Whether a model can be trained on a batch of one image."""
    device = next(model.parameters()).device
    try:
        with torch.no_grad():
            model.train()(torch.zeros(1, *data.input_shape, device=device))
    except ValueError as error:
        if _ONE_IMAGE not in str(error):
            raise
        raise SearchError(_batch_norm(settings, "the last batch")) from error


def _batch_norm(settings: ProxySettings, which: str) -> str:
    if settings.datamodule is None:
        return (
            f"search.proxy.batch: {settings.batch} image has no variance for batch norm.  write a "
            "larger batch"
        )
    return (
        f"search.proxy.datamodule: {which} of {settings.datamodule} has one image, and batch norm "
        "needs two for a variance.  write drop_last=True, or another batch_size"
    )


def failure(error: Exception, settings: ProxySettings, cure: str) -> str:
    """What went wrong in the user's code, and where, in words."""
    classes = _classes(settings)
    frames = list(_own_frames(error, settings.folder, classes))
    words = first_line(error)
    address = "module" if settings.module is not None else "datamodule"
    if not frames:
        name = getattr(settings, address)
        return f"search.proxy.{address}: {name} cannot be used ({words}).  {cure}"
    hook = frames[0][0].co_qualname
    code, line = frames[-1]
    if settings.module is not None and settings.datamodule is not None:
        names = {cls.__name__ for cls in classes["datamodule"].__mro__}
        address = "datamodule" if hook.partition(".")[0] in names else "module"
    place = f"{Path(code.co_filename).name}:{line}"
    return f"search.proxy.{address}: {place}: {hook} fails ({words}).  {cure}"


def _classes(settings: ProxySettings) -> dict[str, Any]:
    from archdsl.training.user import datamodule_class, module_class

    found: dict[str, Any] = {}
    if settings.module is not None:
        found["module"] = module_class(settings.module, settings.folder)
    if settings.datamodule is not None:
        found["datamodule"] = datamodule_class(settings)
    return found


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
