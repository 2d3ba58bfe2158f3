"""Sources whose images are stored one by one, in whatever way, and are of any size."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from archdsl.data.decode import Channels
from archdsl.data.fingerprint import Fingerprint, Item, digest_of, sampled
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.data.samples import Samples, readable
from archdsl.data.source import ImageSource, Searchable, Size, SourceInfo, Split, Views, place
from archdsl.data.split import stratified
from archdsl.data.split_names import SPLITS
from archdsl.data.windows import Windows
from archdsl.errors import SearchError
from archdsl.progress import Progress, unwatched

ProgressOfOne: TypeAlias = Callable[[int], None]
CONTENTS = 2_000
"""Images whose content is read for a fingerprint where no cache keeps their digests."""

Splits: TypeAlias = dict[str, Samples]
"""Images by split."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """What the data themselves say.

    splits: those that they have; there is "train" at least
    by_name: whether they call them so, and do not only hold images
    notes: what there is to say of what was found
    """

    splits: Splits
    by_name: bool
    notes: tuple[str, ...] = ()


class SampleSource(ImageSource):
    """What such sources have in common: splits that are set aside, packs, fingerprints.

    kind: what it is registered as
    path: of the file or folder
    channels: 3 for colour, 1 for grey
    shares: of each class, set aside for the splits that are not given
    margin: how much larger than the network's input images are kept for a search
    flip: whether a search mirrors half of the training images
    """

    kind: str

    def __init__(
        self, path: str, channels: Channels, val: float, test: float, margin: float, flip: bool
    ) -> None:
        self.path = path
        self.channels = channels
        self.shares = {"val": val, "test": test}
        self.margin = margin
        self.flip = flip

    @abstractmethod
    def _given(self, root: Path) -> Given:
        """What there is. Raises SearchError."""

    def _digests(self, root: Path, splits: Splits) -> dict[tuple[str, int], str]:
        """Split and position of images -> digests of what they hold; a sample of very many."""
        return content_digests(splits)

    def describe(self, folder: Path) -> SourceInfo:
        """Lists the images, and decodes none of them."""
        found, given = self._splits(folder)
        return self._info(found, given.notes)

    def samples(self, folder: Path, *splits: str) -> tuple[Samples, ...]:
        """The images of splits, each to be read one by one."""
        found, _ = self._splits(folder)
        return tuple(found[name] for name in splits)

    def searchable(self, folder: Path, size: Size, progress: Progress = unwatched) -> Searchable:
        """The train and val images; those of test are decoded too, and not kept."""
        from archdsl.data.packs import checked

        splits, given = self._splits(folder)
        total = sum(map(len, splits.values()))
        before = len(splits["test"])
        checked(splits["test"], self.channels, lambda done: progress(done, total))
        train = self._split(
            folder, splits["train"], size, lambda done: progress(before + done, total)
        )
        before += len(train)
        val = self._split(folder, splits["val"], size, lambda done: progress(before + done, total))
        info = self._info(splits, given.notes)
        mean, std = (0.5,) * self.channels, (0.25,) * self.channels
        pixels = Pixels(BYTES, mean, std, cover=self._kept(size))
        said = Preprocessing(info.class_names, self.channels, size, pixels)
        return Searchable(info, train, val, Windows(size, self.flip), said)

    def held_out(self, folder: Path, size: Size) -> tuple[Split, Views]:
        """The test images."""
        (test,) = self.samples(folder, "test")
        return self._split(folder, test, size, lambda done: None), Windows(size, flip=False)

    def is_divided(self, folder: Path) -> bool:
        """Whether the data name their splits."""
        return self._given(place(folder, self.path)).by_name

    def undivided(self, folder: Path) -> Samples:
        """All images of data without splits, in which a class may have very few."""
        return self._given(place(folder, self.path)).splits["train"]

    def fingerprint(self, folder: Path) -> Fingerprint:
        """Every image's split, class and size, and its digest; a sample's digests for very many."""
        found, given = self._splits(folder)
        known = self._digests(place(folder, self.path), found)
        return tuple(
            Item(
                # the folder of a split may be called otherwise and hold the same
                f"{split}/{samples.key(index)}" if given.by_name else samples.key(index),
                split,
                label,
                samples.size(index),
                known.get((split, index), ""),
            )
            for split, samples in found.items()
            for index, label in enumerate(samples.labels.tolist())
        )

    def _info(self, splits: Splits, notes: tuple[str, ...]) -> SourceInfo:
        class_names = splits["train"].class_names
        return SourceInfo(
            name=f"{self.kind} {self.path}",
            channels=self.channels,
            size=None,
            classes=len(class_names),
            class_names=class_names,
            counts={name: len(splits[name]) for name in SPLITS},
            pixels="(pixel / 255 - 0.5) / 0.25",
            notes=notes,
        )

    def _split(self, folder: Path, samples: Samples, size: Size, progress: ProgressOfOne) -> Split:
        from archdsl.data.packs import packed

        where = str(place(folder, self.path))
        array = packed(samples, self.channels, self._kept(size), progress, where=where)
        return Split(array, samples.labels)

    def _kept(self, size: Size) -> Size:
        """The size at which images are kept, a margin larger than that of the network."""
        height, width = (side + round(side * self.margin) for side in size)
        return height, width

    def _splits(self, folder: Path) -> tuple[Splits, Given]:
        root = place(folder, self.path)
        given = self._given(root)
        found, whole = dict(given.splits), given.splits["train"]
        aside = {name: 0.0 if name in found else share for name, share in self.shares.items()}
        parts = stratified(
            [whole.key(index) for index in range(len(whole))],
            whole.labels.tolist(),
            val=aside["val"],
            test=aside["test"],
            name=str(root),
            class_names=whole.class_names,
        )
        for name in ("train", *(name for name, share in aside.items() if share)):
            found[name] = whole.part(getattr(parts, name))
        return {name: found[name] for name in SPLITS}, given


def content_digests(splits: Splits) -> dict[tuple[str, int], str]:
    """Split and position of a sample of images -> the digest of what each of them holds."""
    named = {
        f"{split}/{samples.key(index)}": (split, index)
        for split, samples in splits.items()
        for index in range(len(samples))
    }
    found = {}
    for name in sampled(named, CONTENTS):
        split, index = named[name]
        with readable(splits[split].name(index)), splits[split].opened(index) as stream:
            found[split, index] = digest_of(stream.read())
    return found


def refuse_other_classes(
    root: Path, splits: Splits, where: Mapping[str, str] | None = None
) -> None:
    """Raise SearchError where a split has a class that train has not, or the other way round.

    where: split -> what it is called in the root, where that is not its own name
    """
    where = where or {split: split for split in splits}
    names = set(splits["train"].class_names)
    for split, samples in splits.items():
        if stray := sorted(set(samples.class_names) ^ names):
            has_it = stray[0] in samples.class_names
            one, other = ("train", split) if has_it else (split, "train")
            raise SearchError(
                f"{root / where[one]}: has no class '{stray[0]}', which {where[other]} has.  "
                "give every split the same classes"
            )
