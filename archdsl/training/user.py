"""Lightning classes of the user's own, named `package.module:Class`."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor, nn

from archdsl.compiler.network import Shape
from archdsl.data.source import SourceInfo
from archdsl.errors import SearchError
from archdsl.language.failing_line import failing_line
from archdsl.training.arguments import fresh
from archdsl.training.recipe import Recipe
from archdsl.training.trainer import pl


def module_class(name: str, folder: Path) -> type[pl.LightningModule]:
    """A LightningModule class that is called with the built model. Raises SearchError."""
    cls: type[pl.LightningModule] = _class(name, folder, pl.LightningModule, "search.proxy.module")
    return cls


def wrapped(
    cls: type[pl.LightningModule], model: nn.Module, given: dict[str, Any]
) -> pl.LightningModule:
    """The user's module around a model. Raises SearchError where it does not take one.

    given: its further arguments
    """
    try:
        return cls(model, **fresh(given))
    except TypeError as error:
        raise SearchError(
            f"search.proxy.module: {cls.__name__} cannot be called with the built model "
            f"({error}).  write  def __init__(self, model)"
        ) from error


def datamodule_class(recipe: Recipe, folder: Path) -> type[pl.LightningDataModule]:
    """The user's datamodule class. Raises SearchError.

    Whether its test images are out of the search's reach is the user's own affair.
    """
    name = recipe.datamodule
    assert name is not None, "asked for only where the recipe names one"
    if recipe.size is not None:
        raise SearchError(
            f"search.proxy.size: {name} decides on the size of its images.  "
            "drop size, or datamodule"
        )
    cls: type[pl.LightningDataModule] = _class(
        name, folder, pl.LightningDataModule, "search.proxy.datamodule"
    )
    return cls


def info_of(
    cls: type[pl.LightningDataModule],
    module: type[pl.LightningModule] | None,
    name: str,
    batch: Any,
    input_shape: Shape,
) -> SourceInfo:
    """What the first training batch of a datamodule tells, as it leaves the loader.

    Nothing where it is changed on its way to the step, or where its channels may come last.
    """
    images = batch[0] if isinstance(batch, (tuple, list)) and batch else None
    channels, size = None, None
    changed = any(
        getattr(one, hook) is not getattr(base, hook)
        for one, base in ((cls, pl.LightningDataModule), (module, pl.LightningModule))
        if one is not None
        for hook in _ON_THE_WAY
    )
    if isinstance(images, Tensor) and images.ndim == 4 and not changed:
        rows, columns, last = images.shape[1:]
        if (last, rows, columns) != input_shape or tuple(images.shape[1:]) == input_shape:
            channels, size = rows, (columns, last)
    return SourceInfo(name, channels, size, None, (), {}, "as the datamodule says")


_ON_THE_WAY = ("on_before_batch_transfer", "transfer_batch_to_device", "on_after_batch_transfer")


def _class(name: str, folder: Path, base: type, address: str) -> Any:
    module_name, _, class_name = name.partition(":")
    place = str(folder.resolve())
    if place not in sys.path:
        sys.path.append(place)  # for good: the user's code may import its neighbours later
    importlib.invalidate_caches()
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise SearchError(
                f"{address}: importing {module_name} failed: {error}{_at(error)}"
            ) from error
        raise SearchError(
            f"{address}: there is no module '{error.name}'.  it is looked for where Python looks, "
            f"and in {place}"
        ) from None
    except Exception as error:
        raise SearchError(
            f"{address}: importing {module_name} failed: {type(error).__name__}: {error}"
            f"{_at(error)}"
        ) from error
    _refuse_another(module, folder.resolve(), address)
    cls = getattr(module, class_name, None)
    if not isinstance(cls, type):
        classes = [
            n for n, v in vars(module).items() if isinstance(v, type) and issubclass(v, base)
        ]
        known = " ".join(classes) or "none"
        raise SearchError(
            f"{address}: {module_name} has no class '{class_name}'.  "
            f"of the right sort it has: {known}"
        )
    if not issubclass(cls, base):
        others = any(link.__module__.startswith("pytorch_lightning") for link in cls.__mro__)
        cure = (
            "import its base from lightning.pytorch, not from pytorch_lightning"
            if others
            else (f"derive it from lightning.pytorch.{base.__name__}")
        )
        raise SearchError(f"{address}: {class_name} is no {base.__name__}.  {cure}")
    return cls


def _at(error: BaseException) -> str:
    """Where in the user's own files an error was raised."""
    place = failing_line(error)
    return "" if place is None else f"  (at {place})"


def _refuse_another(module: ModuleType, folder: Path, address: str) -> None:
    """Python gives the module that it has or finds first; the one beside the spec is meant."""
    place = folder.joinpath(*module.__name__.split("."))
    file = getattr(module, "__file__", None)
    for beside in (place / "__init__.py", place.with_suffix(".py")):
        if beside.is_file():
            if file is None or Path(file).resolve() != beside.resolve():
                raise SearchError(
                    f"{address}: Python takes {module.__name__} from {file or 'itself'}, and there "
                    f"is {beside}, too.  rename one, or start Python anew if it ran another spec"
                )
            return
