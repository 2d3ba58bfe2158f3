"""A folder of class folders of images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from archdsl.components.options import Fraction
from archdsl.components.registry import data
from archdsl.data import passed_over
from archdsl.data.decode import Channels
from archdsl.data.digests import digests, size_of
from archdsl.data.fingerprint import Fingerprint, Item, sampled
from archdsl.data.layout import given_splits
from archdsl.data.listing import Listing, listing
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.data.source import (
    ImageSource,
    Searchable,
    Share,
    Size,
    SourceInfo,
    Split,
    Views,
    place,
)
from archdsl.data.split import stratified
from archdsl.data.split_names import SPLITS
from archdsl.errors import SearchError
from archdsl.progress import Progress, unwatched

if TYPE_CHECKING:
    from torch import Generator, Tensor

ProgressOfOne: TypeAlias = Callable[[int], None]


@data("image_folder")
class ImageFolder(ImageSource):
    """Images in a folder for each class, or in train/, val/ and test/ of such folders.

    The folder of a split may have any of its usual names, as Training or valid. A split whose
    folder is not there is set aside from the train images, class by class, always in the same
    way. Images are scaled until they cover the size of the network and a margin, and cut around
    the middle; training takes a random window and mirrors half of them. Each image is decoded
    before the first trial and kept in the user's cache (`$ARCHDSL_CACHE`), so that a second
    search on an unchanged folder starts at once.

    path: the folder
    channels: 3 for colour, 1 for grey; images of the other sort are converted
    val: the share of each class that is set aside for val
    test: the share of each class that is held back
    margin: how much larger than the network's input the images are kept, for random windows
    flip: whether training mirrors half of the images
    """

    def __init__(
        self,
        *,
        path: str,
        channels: Channels = 3,
        val: Share = 0.15,
        test: Share = 0.15,
        margin: Fraction = 0.125,
        flip: bool = True,
    ) -> None:
        self.path = path
        self.channels = channels
        self.shares = {"val": val, "test": test}
        self.margin = margin
        self.flip = flip

    def describe(self, folder: Path) -> SourceInfo:
        """Lists the files, and opens none of them."""
        return self._info(self._splits(folder), folder)

    def searchable(self, folder: Path, size: Size, progress: Progress = unwatched) -> Searchable:
        """The train and val images; those of test are decoded too, and not kept."""
        from archdsl.data.packs import checked

        splits = self._splits(folder)
        total = sum(len(split.files) for split in splits.values())
        before = len(splits["test"].files)
        checked(splits["test"], self.channels, lambda done: progress(done, total))
        train = self._split(splits["train"], size, lambda done: progress(before + done, total))
        before += len(train)
        val = self._split(splits["val"], size, lambda done: progress(before + done, total))
        info = self._info(splits, folder)
        mean, std = (0.5,) * self.channels, (0.25,) * self.channels
        pixels = Pixels(BYTES, mean, std, cover=self._kept(size))
        said = Preprocessing(info.class_names, self.channels, size, pixels)
        return Searchable(info, train, val, Windows(size, self.flip), said)

    def held_out(self, folder: Path, size: Size) -> tuple[Split, Views]:
        """The test images."""
        test = self._splits(folder)["test"]
        return self._split(test, size, lambda done: None), Windows(size, flip=False)

    def is_divided(self, folder: Path) -> bool:
        """Whether there are folders of splits."""
        return bool(given_splits(place(folder, self.path)))

    def searchable_files(self, folder: Path) -> dict[str, Listing]:
        """The files of train and val, none of them opened."""
        splits = self._splits(folder)
        return {name: splits[name] for name in ("train", "val")}

    def held_out_files(self, folder: Path) -> Listing:
        """The files of test. As `held_out`, `archdsl.training.heldout` alone may ask for it."""
        return self._splits(folder)["test"]

    def undivided(self, folder: Path) -> Listing:
        """All files of a folder without splits, in which a class may have very few."""
        return listing(place(folder, self.path))

    def fingerprint(self, folder: Path) -> Fingerprint:
        """Every image's split, class and size, and its digest; a sample's digests for very many."""
        root = place(folder, self.path)
        splits = self._splits(folder)
        places = {
            (split, name): (images.root / name).relative_to(root).as_posix()
            for split, images in splits.items()
            for name in images.files
        }
        known = digests(root, sampled(places.values()))
        return tuple(
            Item(
                # the folder of a split may be called otherwise and hold the same
                name if images.root == root else f"{split}/{name}",
                split,
                label,
                size_of(images.root / name),
                known.get(places[split, name], ""),
            )
            for split, images in splits.items()
            for name, label in zip(images.files, images.labels, strict=True)
        )

    def _info(self, splits: dict[str, Listing], folder: Path) -> SourceInfo:
        class_names = splits["train"].class_names
        return SourceInfo(
            name=f"image_folder {self.path}",
            channels=self.channels,
            size=None,
            classes=len(class_names),
            class_names=class_names,
            counts={name: len(splits[name].files) for name in SPLITS},
            pixels="(pixel / 255 - 0.5) / 0.25",
            notes=_notes(place(folder, self.path), splits),
        )

    def _split(self, images: Listing, size: Size, progress: ProgressOfOne) -> Split:
        import numpy as np

        from archdsl.data.packs import packed

        array = packed(images, self.channels, self._kept(size), progress)
        return Split(array, np.asarray(images.labels, dtype=np.int64))

    def _kept(self, size: Size) -> Size:
        """The size at which images are kept, a margin larger than that of the network."""
        height, width = (side + round(side * self.margin) for side in size)
        return height, width

    def _splits(self, folder: Path) -> dict[str, Listing]:
        root = place(folder, self.path)
        given = given_splits(root)
        found = {name: listing(root / place) for name, place in given.items()}
        found = found or {"train": listing(root)}
        whole = found["train"]
        for name, split in found.items():
            if stray := sorted(set(split.class_names) ^ set(whole.class_names)):
                one, other = ("train", name) if stray[0] in split.class_names else (name, "train")
                raise SearchError(
                    f"{root / given[one]}: has no class '{stray[0]}', which {given[other]} has.  "
                    "give every split the same classes"
                )
        aside = {name: 0.0 if name in found else share for name, share in self.shares.items()}
        parts = stratified(
            whole.files,
            whole.labels,
            val=aside["val"],
            test=aside["test"],
            name=str(root),
            class_names=whole.class_names,
        )
        for name in ("train", *(name for name, share in aside.items() if share)):
            found[name] = whole.part(getattr(parts, name))
        return found


def _notes(root: Path, splits: dict[str, Listing]) -> tuple[str, ...]:
    found = {
        (split.root / name).relative_to(root).as_posix() + ("/" if name.endswith("/") else "")
        for split in splits.values() for name in split.passed_over
    }  # fmt: skip
    if root not in {split.root for split in splits.values()}:
        found |= {path.name for path in root.iterdir() if path.is_file()}
    said = passed_over.summary(found)
    return (f"{root}: {said}",) if said else ()


@dataclass(frozen=True, slots=True)
class Windows:
    """Kept images (B, C, H, W), bytes, to windows of the network's size."""

    size: Size
    flip: bool

    def train(self, images: Tensor, generator: Generator) -> Tensor:
        """Windows at random places, half of them mirrored if they may be."""
        from archdsl.data.pixels import as_numbers, cropped, mirrored

        windows = cropped(images, self.size, generator)
        return as_numbers(mirrored(windows, generator) if self.flip else windows)

    def plain(self, images: Tensor) -> Tensor:
        """Windows around the middle."""
        from archdsl.data.pixels import as_numbers, centred

        return as_numbers(centred(images, self.size))
