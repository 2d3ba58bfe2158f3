"""The data of a search: read, checked against the network, and shared by all its trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.data.digits import Digits
from archdsl.data.source import Progress, Searchable, Size, Source, SourceInfo, no_progress
from archdsl.network import Shape
from archdsl.proxy.fits import check_fits
from archdsl.settings import ProxySettings

if TYPE_CHECKING:
    from archdsl.component import Component


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What `train` takes.

    size: height and width of training
    data: train and val of a source, or None where the user's own datamodule stands in
    datamodule: that datamodule, set up, or None
    module: the user's own LightningModule class, or None
    """

    info: SourceInfo
    classes: int
    size: Size
    data: Searchable | None
    datamodule: Any = None
    module: Any = None


def prepare(
    settings: ProxySettings,
    input_shape: Shape,
    classes: int,
    progress: Progress = no_progress,
) -> Prepared:
    """Everything that can be wrong with a proxy's data and classes, found before the first trial.

    Raises SearchError.
    """
    _, height, width = input_shape
    size = (height, width) if settings.size is None else (settings.size, settings.size)
    module = None
    if settings.module is not None:
        from archdsl.proxy.user import module_class

        module = module_class(settings.module, settings.folder)
    if settings.datamodule is not None:
        from archdsl.proxy.user import datamodule_of

        datamodule, info = datamodule_of(settings)
        check_fits(input_shape, classes, info)
        return Prepared(info, classes, size, None, datamodule, module)
    source = source_of(settings)
    check_fits(input_shape, classes, source.describe(settings.folder), size=settings.size)
    data = source.searchable(settings.folder, size, progress)
    return Prepared(data.info, classes, size, data, None, module)


def source_of(settings: ProxySettings) -> Source:
    """The source that the settings name, the bundled digits where they name none."""
    component: Component | None = settings.data
    if component is None:
        return Digits()
    source: Source = component.definition.cls(**dict(component.options))
    return source
