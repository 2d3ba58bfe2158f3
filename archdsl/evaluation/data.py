"""Whose images, and which split of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeAlias

from archdsl.api import load
from archdsl.data.npz import Npz
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.data.sample_source import SampleSource
from archdsl.data.samples import Samples
from archdsl.data.source import ImageSource, Size, Split, Views
from archdsl.errors import SearchError
from archdsl.evaluation.images import ArrayImages, FileImages, ImageStream
from archdsl.evaluation.subject import TrainedModel
from archdsl.evaluation.trained_folder import source_of
from archdsl.language.settings import ProxySettings
from archdsl.named_images import CURE, data_named, said_of_data
from archdsl.progress import Progress, unwatched
from archdsl.specification import Spec
from archdsl.task_images import settings_of_run
from archdsl.training.data_source import DataSource
from archdsl.training.heldout import held_out_of, held_out_samples
from archdsl.training.images.reading import OnBad

SplitName: TypeAlias = Literal["train", "val", "test", "all"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The images that are judged.

    split: of them; divided: whether the data themselves say which images are for what
    own: whether they are those of the run, or of the training, that the model is of
    """

    source: DataSource
    split: SplitName
    divided: bool
    own: bool

    @property
    def sees_test(self) -> bool:
        """Whether test images are among them."""
        return self.split in ("test", "all")


@dataclass(frozen=True, slots=True)
class SplitImages:
    """Images with what they are.

    name: of their source; classes: the names of their classes, in the order of their labels
    seen: what becomes of each; None where the source does not say
    passed_over: why each that was left out cannot be read; it fills while they are read
    """

    images: ImageStream
    name: str
    classes: tuple[str, ...]
    seen: Preprocessing | None
    notes: tuple[str, ...]
    passed_over: Sequence[str] = ()


def chosen(given: object, split: SplitName | None, of: TrainedModel) -> Chosen:
    """The data that were named, or those of the run or of the spec. Raises SearchError."""
    if given is None:
        known = _recorded(of)
        source, own = known or _of_spec(of), known is not None
    else:
        known = None
        with suppress(SearchError):  # what is on record is not needed, and may be a datamodule's
            known = _recorded(of)
        source = DataSource.of(_named(given, of))
        own = known is not None and _is_same(source, known)
    divided = source.open().is_divided(source.folder)
    usual: SplitName = "test" if divided or given is None or own else "all"
    return Chosen(source, split or usual, divided, own)


def _recorded(of: TrainedModel) -> DataSource | None:
    """The images that the run, or the training, of a model has on record."""
    if of.training is not None:
        return source_of(of.training)
    settings = None if of.run is None else settings_of_run(of.run)
    return None if settings is None else _of_settings(of, settings)


def _of_spec(of: TrainedModel) -> DataSource:
    if of.spec is not None and "search" in of.spec.document.top:
        settings = of.spec.settings().proxy
        if settings.data is not None or settings.datamodule is not None:
            return _of_settings(of, settings)
    raise SearchError(f"{of.name}: nothing says which images it is judged on.  {CURE}")


def _of_settings(of: TrainedModel, settings: ProxySettings) -> DataSource:
    if settings.datamodule is not None:
        raise SearchError(
            f"{of.name}: its images come from a datamodule, whose batches are not read here.  "
            f"{CURE}"
        )
    return DataSource.of(settings)


def _named(given: object, of: TrainedModel) -> ProxySettings:
    """The `data` of a spec, of a path, a name or a mapping."""
    data = data_named(given, of.model.network.input[0])
    base: Spec | str = of.spec or "poolformer_s12"
    with said_of_data():
        return load(base, set={"search.proxy.data": data}).settings().proxy


def _is_same(one: DataSource, other: DataSource) -> bool:
    return _place(one) is not None and _place(one) == _place(other)


def _place(source: DataSource) -> tuple[str, Path] | None:
    if source.component is None:
        return None
    options = dict(source.component.options)
    return (
        (source.component.type, (source.folder / options["path"]).resolve())
        if "path" in options
        else None
    )


def found(
    data: Chosen,
    of: TrainedModel,
    size: Size,
    on_bad: OnBad = "stop",
    progress: Progress = unwatched,
) -> SplitImages:
    """The images.

    size: of what the network sees; on_bad: what becomes of one that cannot be read
    progress: of what is read before the first
    Raises SearchError for data that cannot be read, and for images of other channels.
    """
    opened = data.source.open()
    if isinstance(opened, SampleSource):
        return _files(opened, data, of, size, on_bad)
    if on_bad != "stop":
        name = opened.describe(data.source.folder).name
        raise SearchError(
            f"on_bad is about images that are read one by one, and those of {name} are arrays.  "
            "drop it"
        )
    return _arrays(opened, data, of, size, progress)


def _files(
    opened: SampleSource, data: Chosen, of: TrainedModel, size: Size, on_bad: OnBad
) -> SplitImages:
    _refuse_channels(opened.channels, of, opened.path)
    samples = _samples(opened, data)
    notes = []
    said = of.said
    if said is None or said.pixels is None:
        height, width = (side + round(side * opened.margin) for side in size)
        pixels = Pixels(
            BYTES, (0.5,) * opened.channels, (0.25,) * opened.channels, cover=(height, width)
        )
    elif said.pixels.scale is None:
        raise SearchError(
            f"{opened.path}: the model was trained on floating point as it was in a file, and what "
            "the bytes of an image would be there is not known.  judge it on an .npz file"
        )
    else:
        pixels = said.pixels
        if pixels.cover is None:
            pixels = replace(pixels, image_size=None, cover=size)
            notes.append(
                "the model was trained on images of one size as they were; these are scaled until "
                f"they cover {size[0]} x {size[1]}"
            )
    seen = Preprocessing(samples[0].class_names, opened.channels, size, pixels)
    images = FileImages(tuple(samples), opened.channels, pixels, size, on_bad)
    return SplitImages(
        images, f"{opened.kind} {opened.path}", samples[0].class_names, seen, tuple(notes),
        images.passed_over,
    )  # fmt: skip


def _samples(opened: SampleSource, data: Chosen) -> list[Samples]:
    folder = data.source.folder
    if data.split == "all" and not data.divided:
        return [opened.undivided(folder)]
    names = ("train", "val") if data.split == "all" else (data.split,)
    found = [] if data.split == "test" else list(opened.samples(folder, *names))
    return [*found, held_out_samples(data.source)] if data.sees_test else found


def _arrays(
    opened: ImageSource, data: Chosen, of: TrainedModel, size: Size, progress: Progress
) -> SplitImages:
    info = opened.describe(data.source.folder)
    if info.channels is not None:
        _refuse_channels(info.channels, of, info.name)
    searchable = opened.searchable(data.source.folder, size, progress)
    by_name = {"train": searchable.train, "val": searchable.val}
    parts: list[tuple[Split, Views]] = [
        (split, searchable.views) for name, split in by_name.items() if data.split in (name, "all")
    ]
    if data.sees_test:
        parts.append(held_out_of(data.source, size))
    own, said = searchable.preprocessing, of.said
    wanted = None if said is None else said.pixels
    pixels, notes = None, []
    bytes_ = all(split.images.dtype.name == "uint8" for split, _ in parts)
    if isinstance(opened, Npz) and bytes_ and wanted is not None and wanted.scale is not None:
        pixels = wanted
        own = Preprocessing(info.class_names, of.model.network.input[0], size, wanted)
    else:
        known = None if own is None else own.pixels
        if wanted is not None and known is not None and _numbers(wanted) != _numbers(known):
            notes.append(
                f"the model was trained on {wanted.words()}, and {info.name} gives {known.words()}"
            )
    interpolation = "bilinear" if wanted is None else wanted.interpolation
    return SplitImages(
        ArrayImages(tuple(parts), pixels, size, interpolation),
        info.name,
        info.class_names,
        None if own is None else replace(own, size=size),
        tuple(notes),
    )


def _numbers(pixels: Pixels) -> tuple[object, ...]:
    return pixels.scale, pixels.mean, pixels.std


def _refuse_channels(channels: int, of: TrainedModel, name: str) -> None:
    wanted = of.model.network.input[0]
    if channels != wanted:
        raise SearchError(
            f"{name}: its images have {channels} channels, and {of.name} takes {wanted}.  a folder "
            f"is read as the model needs it; of an array give one with {wanted} channels"
        )
