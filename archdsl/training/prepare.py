"""The data of a search: read, checked against the network, and shared by all its trainings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from archdsl.compiler.network import Network, Shape
from archdsl.components.options import written
from archdsl.data.preprocessing import Preprocessing
from archdsl.data.source import Searchable, Size, SourceInfo
from archdsl.errors import SearchError
from archdsl.language.own_class import class_text
from archdsl.progress import Progress, unsaid, unwatched
from archdsl.training.data_source import DataSource
from archdsl.training.fits import check_fits
from archdsl.training.recipe import Recipe
from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.training.images.streamed import StreamedData


PREPARING = (
    "module", "module_options", "datamodule", "datamodule_options", "size", "batch",
    "steps_per_epoch", "validation_steps", "augmentation",
)  # fmt: skip
"""What of a recipe data are prepared for; another number of epochs needs no others."""


@dataclass(frozen=True, slots=True)
class OneByOneReading:
    """How images are read one by one.

    workers: processes that do so, None for one to each CPU; on_bad: what becomes of an image that
        cannot be read
    cache: the side of a square at which images are kept decoded on disk, None to keep none
    """

    workers: int | None = None
    on_bad: Literal["skip", "stop"] = "stop"
    cache: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What `train` takes.

    source: where the images come from; recipe: what they were prepared for
    size: height and width of training
    input_shape: of the images, (C, H, W)
    steps: training batches in an epoch
    data: train and val of a source, or None where the user's own datamodule stands in
    datamodule: that datamodule, which every training sets up, or None
    module: the user's own LightningModule class, or None
    datamodule_arguments, module_arguments: what they are called with
    batch: the first training batch of the datamodule, in words
    alone: whether the last one of an epoch holds one image
    reading: how images are read one by one; None where `data` or the datamodule has them
    preprocessing: how an image of anybody's becomes what the network sees
    """

    source: DataSource
    recipe: Recipe
    info: SourceInfo
    classes: int
    size: Size
    input_shape: Shape
    steps: int
    data: Searchable | None
    datamodule: Any = None
    module: Any = None
    datamodule_arguments: dict[str, Any] = field(default_factory=dict)
    module_arguments: dict[str, Any] = field(default_factory=dict)
    batch: str = ""
    alone: bool = False
    preprocessing: Preprocessing | None = None
    reading: OneByOneReading | None = None

    @property
    def plain(self) -> bool:
        """Whether a training runs archdsl's own code alone, and keeps plain values and tensors."""
        return self.module is None and self.datamodule is None

    @property
    def unproven(self) -> bool:
        """Whether one batch is to be looked at before the first training.

        Code of the user's own may fail in any way, and one image may be too few for batch norm.
        """
        return not self.plain or self.recipe.batch == 1

    def refuse_another(self, recipe: Recipe, network: Network | None = None) -> None:
        """Raise SearchError where a recipe or a network asks for other data than these."""
        pairs = [(name, getattr(self.recipe, name), getattr(recipe, name)) for name in PREPARING]
        if network is not None:
            pairs.append(("input", list(self.input_shape), list(network.input)))
            pairs.append(("classes", self.classes, network.classes))
        for name, was, now in pairs:
            if was != now:
                raise SearchError(
                    f"the data ({self.info.name}) were prepared with {name}: {written(was)}, and "
                    f"now it is {written(now)}.  prepare them for this training"
                )


def prepare(
    recipe: Recipe,
    source: DataSource,
    input_shape: Shape,
    classes: int,
    progress: Progress = unwatched,
    reading: OneByOneReading | None = None,
    said: Callable[[str], None] = unsaid,
) -> Prepared:
    """Everything that can be wrong with a proxy's data and classes, found before the first trial.

    reading: of images that are read one by one, as they are where the recipe changes them
    said: called with what is to be known before it is done
    Raises SearchError.
    """
    _, height, width = input_shape
    size = (height, width) if recipe.size is None else (recipe.size, recipe.size)
    module, given = None, dict[str, Any]()
    if recipe.module is not None:
        from archdsl.training.arguments import arguments
        from archdsl.training.user import module_class

        module, address = module_class(recipe.module, source.classes), "search.proxy.module"
        given = arguments(module, recipe.module_options, source.folder, address, ("the model",))
    if recipe.datamodule is not None:
        return _from_datamodule(recipe, source, input_shape, classes, module, given)
    if recipe.augmentation is not None:
        return _read_one_by_one(
            recipe, source, input_shape, classes, reading or OneByOneReading(), module, given,
            progress, said,
        )  # fmt: skip
    opened = source.open()
    check_fits(input_shape, classes, opened.describe(source.folder), size=recipe.size)
    data = opened.searchable(source.folder, size, progress)
    _refuse_longer_validation(recipe, len(data.val))
    return Prepared(
        source,
        recipe,
        data.info,
        classes,
        size,
        input_shape,
        steps=_steps(recipe, len(data.train)),
        data=data,
        module=module,
        module_arguments=given,
        preprocessing=_preprocessing(data, input_shape, size, recipe),
    )


def _read_one_by_one(
    recipe: Recipe,
    source: DataSource,
    input_shape: Shape,
    classes: int,
    reading: OneByOneReading,
    module: Any,
    module_arguments: dict[str, Any],
    progress: Progress,
    said: Callable[[str], None],
) -> Prepared:
    """Images that the recipe changes at random: they are read while a training runs."""
    _, height, width = input_shape
    size = (height, width) if recipe.size is None else (recipe.size, recipe.size)
    described = source.open().describe(source.folder)
    check_fits(input_shape, classes, described, size=recipe.size)
    data = streamed(source, size, recipe, 0, reading, said, progress)
    _refuse_longer_validation(recipe, data.info.counts["val"])
    return Prepared(
        source,
        recipe,
        data.info,
        classes,
        size,
        input_shape,
        steps=_steps(recipe, data.info.counts["train"]),
        data=None,
        module=module,
        module_arguments=module_arguments,
        preprocessing=data.preprocessing,
        reading=reading,
    )


def streamed(
    source: DataSource,
    size: Size,
    recipe: Recipe,
    seed: int,
    reading: OneByOneReading,
    said: Callable[[str], None] = unsaid,
    progress: Progress = unwatched,
) -> StreamedData:
    """The images of a source one by one, for a training with a seed. Raises SearchError."""
    from archdsl.training.images.streamed import StreamedData

    return StreamedData(
        source, size, recipe, seed, workers=reading.workers, on_bad=reading.on_bad,
        cache=reading.cache, said=said, progress=progress,
    )  # fmt: skip


def _preprocessing(
    data: Searchable, input_shape: Shape, size: Size, recipe: Recipe
) -> Preprocessing:
    said = data.preprocessing
    if said is None:
        return Preprocessing(data.info.class_names, input_shape[0], size, None)
    return said.trained_at(size, recipe.interpolation)


def _from_datamodule(
    recipe: Recipe,
    source: DataSource,
    input_shape: Shape,
    classes: int,
    module: Any,
    module_arguments: dict[str, Any],
) -> Prepared:
    from archdsl.training.arguments import arguments
    from archdsl.training.batch_checks import described
    from archdsl.training.loaders import examined
    from archdsl.training.own_preprocessing import said_by
    from archdsl.training.set_up import ADDRESS, called, set_up_alike
    from archdsl.training.user import datamodule_class, info_of

    name = recipe.datamodule
    assert name is not None, "asked for only where the recipe names one"
    cls = datamodule_class(recipe, source.classes)
    given = arguments(cls, recipe.datamodule_options, source.folder, ADDRESS)
    seen = examined(cls, name, recipe, given)
    words = class_text(name, dict(recipe.datamodule_options))
    info = info_of(cls, module, words, seen.batch, input_shape)
    check_fits(input_shape, classes, info)
    with set_up_alike():
        datamodule = called(cls, name, given)
    said, notes = said_by(datamodule, name, input_shape, classes)
    info = replace(info, class_names=said.class_names, notes=(*info.notes, *notes))
    _, height, width = input_shape
    return Prepared(
        source,
        recipe,
        info,
        classes,
        (height, width),
        input_shape,
        steps=seen.steps,
        data=None,
        datamodule=datamodule,
        module=module,
        datamodule_arguments=given,
        module_arguments=module_arguments,
        batch=described(seen.batch),
        alone=seen.alone,
        preprocessing=said,
    )


def _steps(recipe: Recipe, images: int) -> int:
    """How many batches an epoch takes of a source. Raises SearchError for more than there are."""
    steps = images // min(recipe.batch, images)
    wanted = recipe.steps_per_epoch
    if wanted is None:
        return steps
    if wanted > steps:
        raise SearchError(
            f"search.proxy.steps_per_epoch: an epoch is to take "
            f"{counted(wanted, 'batch', 'batches')}, and {images:,} "
            f"images in batches of {recipe.batch} are {steps:,}.  write at most {steps}, or drop "
            "it"
        )
    return wanted


def _refuse_longer_validation(recipe: Recipe, images: int) -> None:
    """Raise SearchError for more batches of a validation than a source has."""
    wanted, batch = recipe.validation_steps, recipe.validation_batch * recipe.batch
    batches = -(-images // batch)
    if wanted is not None and wanted > batches:
        raise SearchError(
            f"search.proxy.validation_steps: a validation is to take "
            f"{counted(wanted, 'batch', 'batches')}, and {images:,} images in batches of {batch} "
            f"are {batches:,}.  write at most {batches}, or drop it"
        )
