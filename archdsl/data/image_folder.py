"""A folder of class folders of images."""

from __future__ import annotations

import os
from pathlib import Path

from archdsl.components.options import Fraction
from archdsl.components.registry import data
from archdsl.data import passed_over
from archdsl.data.decode import Channels
from archdsl.data.digests import digests
from archdsl.data.fingerprint import sampled
from archdsl.data.layout import given_splits
from archdsl.data.listing import Listing, listing
from archdsl.data.sample_source import Given, SampleSource, Splits, refuse_other_classes
from archdsl.data.source import Share


@data("image_folder")
class ImageFolder(SampleSource):
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

    kind = "image_folder"

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
        super().__init__(path, channels, val, test, margin, flip)

    def _given(self, root: Path) -> Given:
        given = given_splits(root)
        found = {name: listing(root / place) for name, place in given.items()}
        found = found or {"train": listing(root)}
        splits: Splits = {name: split.files for name, split in found.items()}
        refuse_other_classes(root, splits, given)
        return Given(splits, bool(given), _notes(root, found))

    def _digests(self, root: Path, splits: Splits) -> dict[tuple[str, int], str]:
        places = {
            (split, index): Path(os.path.relpath(images.name(index), root)).as_posix()
            for split, images in splits.items()
            for index in range(len(images))
        }
        known = digests(root, sampled(places.values()))
        return {at: known[place] for at, place in places.items() if place in known}


def _notes(root: Path, splits: dict[str, Listing]) -> tuple[str, ...]:
    found = {
        (Path(split.files.root) / name).relative_to(root).as_posix()
        + ("/" if name.endswith("/") else "")
        for split in splits.values() for name in split.passed_over
    }  # fmt: skip
    if os.fspath(root) not in {split.files.root for split in splits.values()}:
        found |= {path.name for path in root.iterdir() if path.is_file()}
    said = passed_over.summary(found)
    return (f"{root}: {said}",) if said else ()
