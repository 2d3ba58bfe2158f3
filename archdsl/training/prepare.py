"""The data of a search: read, checked against the network, and shared by all its trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.compiler.network import Shape
from archdsl.data.digits import Digits
from archdsl.data.source import Searchable, Size, Source, SourceInfo
from archdsl.errors import SearchError
from archdsl.language.settings import ProxySettings
from archdsl.progress import Progress, unwatched
from archdsl.training.fits import check_fits

if TYPE_CHECKING:
    from archdsl.components.component import Component


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What `train` takes.

    size: height and width of training
    input_shape: of the images, (C, H, W)
    steps: training batches in an epoch
    data: train and val of a source, or None where the user's own datamodule stands in
    datamodule: that datamodule, which every training sets up, or None
    module: the user's own LightningModule class, or None
    batch: the first training batch of the datamodule, in words
    alone: whether the last one of an epoch holds one image
    """

    info: SourceInfo
    classes: int
    size: Size
    input_shape: Shape
    steps: int
    data: Searchable | None
    datamodule: Any = None
    module: Any = None
    batch: str = ""
    alone: bool = False


def prepare(
    settings: ProxySettings,
    input_shape: Shape,
    classes: int,
    progress: Progress = unwatched,
) -> Prepared:
    """Everything that can be wrong with a proxy's data and classes, found before the first trial.

    Raises SearchError.
    """
    _, height, width = input_shape
    size = (height, width) if settings.size is None else (settings.size, settings.size)
    module = None
    if settings.module is not None:
        from archdsl.training.user import module_class

        module = module_class(settings.module, settings.folder)
    if settings.datamodule is not None:
        return _from_datamodule(settings, input_shape, classes, module)
    source = source_of(settings)
    check_fits(input_shape, classes, source.describe(settings.folder), size=settings.size)
    data = source.searchable(settings.folder, size, progress)
    steps = _steps(settings, len(data.train))
    return Prepared(data.info, classes, size, input_shape, steps, data, None, module)


def _from_datamodule(
    settings: ProxySettings, input_shape: Shape, classes: int, module: Any
) -> Prepared:
    from archdsl.training.batch_checks import described
    from archdsl.training.loaders import called, examined, set_up_alike
    from archdsl.training.user import datamodule_class, info_of

    name = settings.datamodule
    assert name is not None, "asked for only where the settings name one"
    cls = datamodule_class(settings)
    seen = examined(cls, name, settings)
    info = info_of(cls, module, name, seen.batch, input_shape)
    check_fits(input_shape, classes, info)
    with set_up_alike():
        datamodule = called(cls, name)
    _, height, width = input_shape
    return Prepared(
        info,
        classes,
        (height, width),
        input_shape,
        seen.steps,
        None,
        datamodule,
        module,
        batch=described(seen.batch),
        alone=seen.alone,
    )


def _steps(settings: ProxySettings, images: int) -> int:
    """How many batches an epoch takes of a source. Raises SearchError for more than there are."""
    steps = images // min(settings.batch, images)
    wanted = settings.steps_per_epoch
    if wanted is None:
        return steps
    if wanted > steps:
        raise SearchError(
            f"search.proxy.steps_per_epoch: an epoch is to take {wanted:,} batches, and {images:,} "
            f"images in batches of {settings.batch} are {steps:,}.  write at most {steps}, or drop "
            "it"
        )
    return wanted


def source_of(settings: ProxySettings) -> Source:
    """The source that the settings name, the bundled digits where they name none."""
    component: Component | None = settings.data
    if component is None:
        return Digits()
    source: Source = component.definition.cls(**dict(component.options))
    return source
