"""What every source of images answers: what it holds, the search's share of it, the rest."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

from archdsl import given
from archdsl.components.options import Bound
from archdsl.data.fingerprint import Fingerprint
from archdsl.data.preprocessing import Preprocessing
from archdsl.data.samples import Samples
from archdsl.data.samples import Size as Size
from archdsl.errors import SearchError
from archdsl.progress import Progress, unwatched
from archdsl.units import plural

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator, Tensor

Share = Annotated[float, Bound("number between 0 and 0.5", lambda v: 0 < v < 0.5)]
"""A part of the images that is set aside."""


def place(folder: Path, path: str) -> Path:
    """The file or folder of a source. Raises SearchError for what is no path."""
    return given.path("folder", folder, SearchError) / given.path("path", path, SearchError)


def is_usual(shape: tuple[int, int, int]) -> bool:
    """Whether an image (C, H, W) has fewer channels than rows and columns."""
    channels, height, width = shape
    return channels < min(height, width)


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source holds, in figures.

    channels: of one image; None where only the first batch could tell
    size: height and width that every image has; None where images take the size of the network
    classes: how many; None where the source cannot say
    class_names: in the order of the labels
    counts: images by split: "train", "val", "test"
    pixels: how a pixel becomes the number that the network sees
    notes: what there is to say besides, such as files that were passed over
    relaid: another `layout` of the arrays, and the (C, H, W) that images have under it
    """

    name: str
    channels: int | None
    size: Size | None
    classes: int | None
    class_names: tuple[str, ...]
    counts: dict[str, int]
    pixels: str
    notes: tuple[str, ...] = ()
    relaid: tuple[str, tuple[int, int, int]] | None = None

    def words(self) -> str:
        """The facts on one line, for people."""
        facts = (
            [f"{self.classes} {plural(self.classes, 'class', 'classes')}"]
            if self.classes is not None
            else []
        )
        shape = [self.channels, *(self.size or ())]
        if None not in shape:
            channels = f"{self.channels} {plural(self.channels or 0, 'channel')}"
            facts.append("x".join(map(str, shape)) if self.size else channels)
        facts += [f"{count} {split}" for split, count in self.counts.items()]
        return f"{self.name}: {', '.join(facts)}"


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Images and their labels.

    images: (N, C, H, W), as a `Views` takes them; may be a file that is mapped into memory
    labels: (N,), int64, from 0 to classes - 1
    """

    images: NDArray[Any]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)


class Views(Protocol):
    """How stored images become what the network sees: (B, C, h, w), float32."""

    def train(self, images: Tensor, generator: Generator) -> Tensor:
        """A training batch, changed at random; all randomness comes from `generator`."""
        ...

    def plain(self, images: Tensor) -> Tensor:
        """A batch to judge by, never at random."""
        ...


@dataclass(frozen=True, slots=True)
class Searchable:
    """All that a search may see of its data: no test image can be reached from here.

    preprocessing: how an image of anybody's becomes what `views.plain` gives; None where the
        source does not say
    """

    info: SourceInfo
    train: Split
    val: Split
    views: Views
    preprocessing: Preprocessing | None = None


class ImageSource(ABC):
    """A source of images with a fixed split into train, val and test.

    `folder` is what relative paths are relative to. Every method raises SearchError, in words,
    for data that cannot be used.
    """

    @abstractmethod
    def describe(self, folder: Path) -> SourceInfo:
        """What there is, without decoding any image."""

    @abstractmethod
    def searchable(self, folder: Path, size: Size, progress: Progress = unwatched) -> Searchable:
        """The train and val splits; every image of all three splits is checked on the way.

        size: what the network takes; sources whose images have a size of their own ignore it
        """

    @abstractmethod
    def held_out(self, folder: Path, size: Size) -> tuple[Split, Views]:
        """The test split. `archdsl.training.heldout` alone may ask for it."""

    def is_divided(self, folder: Path) -> bool:
        """Whether the data themselves say which of their images are for what."""
        return True

    def samples(self, folder: Path, *splits: str) -> tuple[Samples, ...]:
        """The images of splits, each to be read one by one: for more than memory holds.

        "test" is for whom `held_out` is.
        """
        raise SearchError(
            f"{self.describe(folder).name}: its images are arrays, and the recipe has an "
            "augmentation, which changes images that are read one by one.  train without, by  "
            "--set train.augmentation=none,  or save the images as files"
        )

    def fingerprint(self, folder: Path) -> Fingerprint:
        """What tells these data from others, so that no search goes on with other data unseen.

        A source that gives nothing here is trusted to be always the same.
        """
        return ()
