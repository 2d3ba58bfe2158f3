"""Images that are arrays already: one .npz file."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from archdsl.components.registry import data
from archdsl.data.digests import digests, size_of
from archdsl.data.fingerprint import Fingerprint, Item
from archdsl.data.npz_file import arrays_of, names_in
from archdsl.data.npz_names import Pair, meaning, pairs_of
from archdsl.data.preprocessing import BYTES, Pixels, Preprocessing
from archdsl.data.source import (
    ImageSource,
    Searchable,
    Share,
    Size,
    SourceInfo,
    Split,
    Views,
    is_usual,
    place,
)
from archdsl.data.split import stratified
from archdsl.errors import SearchError
from archdsl.progress import Progress, unwatched

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Generator, Tensor

SPLITS = ("train", "val", "test")


@data("npz")
class Npz(ImageSource):
    """Images and labels as numpy arrays in one .npz file.

    Either `x` and `y`, split here class by class, or `x_train` and `y_train`, with `x_val`,
    `y_val`, `x_test`, `y_test` where those splits are given; a split that is not given is set
    aside from the training images. Other usual names are understood: `train_images` and
    `train_labels`, `images` and `labels`, `X_valid`, `testY`. `x`: (N, C, H, W), or (N, H, W, C)
    with `layout: nhwc`, or (N, H, W) for one channel; uint8, or floating point that the network
    sees as it is. `y`: (N,) or (N, 1), integers from 0 to classes - 1, each in every split.

    path: the file
    layout: the order of the axes of `x`
    val: the share of each class that is set aside for val
    test: the share of each class that is held back
    flip: whether training mirrors half of the images
    """

    def __init__(
        self,
        *,
        path: str,
        layout: Literal["nchw", "nhwc"] = "nchw",
        val: Share = 0.15,
        test: Share = 0.15,
        flip: bool = False,
    ) -> None:
        self.path = path
        self.layout = layout
        self.shares = {"val": val, "test": test}
        self.flip = flip

    def describe(self, folder: Path) -> SourceInfo:
        """Reads and checks the whole file."""
        return self._info(self._splits(folder))

    def searchable(self, folder: Path, size: Size, progress: Progress = unwatched) -> Searchable:
        """The train and val arrays."""
        splits = self._splits(folder)
        info = self._info(splits)
        train, val = splits["train"], splits["val"]
        return Searchable(info, train, val, Arrays(self.flip), _preprocessing(info, train))

    def held_out(self, folder: Path, size: Size) -> tuple[Split, Views]:
        """The test arrays."""
        return self._splits(folder)["test"], Arrays(flip=False)

    def is_divided(self, folder: Path) -> bool:
        """Whether the names of the arrays say a split."""
        pairs = pairs_of(names_in(place(folder, self.path)), self.path)
        return any((meaning(pair.images) or ("",))[0] for pair in pairs.values())

    def fingerprint(self, folder: Path) -> Fingerprint:
        """The digest of the file, and each image's split and class."""
        path = place(folder, self.path)
        pairs = pairs_of(names_in(path), self.path)
        arrays = arrays_of(path, [pair.labels for pair in pairs.values()])
        labels = {name: one_column(arrays[pair.labels]) for name, pair in pairs.items()}
        parts = self._parts(labels["train"].astype("int64"), labels)
        where = {name: ("train", parts[name]) for name in parts} | {
            name: (name, list(range(len(its)))) for name, its in labels.items() if name != "train"
        }
        digest = digests(path.parent, [path.name])[path.name]
        return (
            Item("the file", size=size_of(path), digest=digest),
            *(
                Item(f"{pairs[of].labels}[{index}]", split, int(labels[of][index]))
                for split, (of, indices) in where.items()
                for index in indices
            ),
        )

    def _info(self, splits: dict[str, Split]) -> SourceInfo:
        channels, height, width = splits["train"].images.shape[1:]
        classes = int(splits["train"].labels.max()) + 1
        return SourceInfo(
            name=f"npz {self.path}",
            channels=channels,
            size=(height, width),
            classes=classes,
            class_names=tuple(map(str, range(classes))),
            counts={name: len(splits[name]) for name in SPLITS},
            pixels=(
                "(pixel / 255 - 0.5) / 0.25"
                if splits["train"].images.dtype.name == "uint8"
                else "as in the file"
            ),
            **self._relaid((channels, height, width)),
        )

    def _relaid(self, shape: tuple[int, int, int]) -> dict[str, Any]:
        """What images (C, H, W) would be under the other layout, and a word if that is likelier.

        Channels are fewer than rows and columns in all but odd images, so that at most one of
        two layouts makes usual ones.
        """
        first, second, third = shape
        if first == 1:  # there may have been no axis of channels at all
            return {}
        nhwc = self.layout == "nhwc"
        layout, other = (
            ("nchw", (second, third, first)) if nhwc else ("nhwc", (third, first, second))
        )
        if is_usual(shape) or not is_usual(other):
            return {"relaid": (layout, other)}
        read, would = ("x".join(map(str, sides)) for sides in (shape, other))
        said = (
            f"{self.path}: images are read as {read}; with layout: {layout} they would be {would}"
        )
        return {"relaid": (layout, other), "notes": (said,)}

    def _splits(self, folder: Path) -> dict[str, Split]:
        path = place(folder, self.path)
        pairs = pairs_of(names_in(path), self.path)
        both = [name for pair in pairs.values() for name in (pair.images, pair.labels)]
        arrays = arrays_of(path, both)
        found = {name: self._split(arrays, pair) for name, pair in pairs.items()}
        whole, first = found["train"], pairs["train"].images
        for name, split in found.items():
            its = pairs[name].images
            if split.images.shape[1:] != whole.images.shape[1:]:
                raise self._refuse(
                    f"{its} holds images {split.images.shape[1:]}, and {first} "
                    f"{whole.images.shape[1:]}",
                    "give all images the same shape",
                )
            if split.images.dtype != whole.images.dtype:
                raise self._refuse(
                    f"{its} is {split.images.dtype}, and {first} {whole.images.dtype}",
                    "give all arrays the same dtype",
                )
        classes = self._classes(whole.labels)
        parts = self._parts(whole.labels, found)
        # indexing with a list copies: no split keeps the others' memory alive
        for name, where in parts.items():
            found[name] = Split(whole.images[where], whole.labels[where])
        for name, split in found.items():
            if stray := sorted(set(range(classes)) ^ set(split.labels.tolist())):
                one, other = ("train", name) if stray[0] >= classes else (name, "train")
                raise self._refuse(
                    f"{one} has no image of class {stray[0]}, and {other} has",
                    "give every split the same classes",
                )
        return found

    def _parts(self, labels: NDArray[np.int64], given: Container[str]) -> dict[str, list[int]]:
        """Split -> positions among the training images; splits that are given are left out."""
        aside = {name: 0.0 if name in given else share for name, share in self.shares.items()}
        parts = stratified(
            [str(index) for index in range(len(labels))],
            labels.tolist(),
            val=aside["val"],
            test=aside["test"],
            name=self.path,
            class_names=[str(label) for label in range(self._classes(labels))],
        )
        names = ("train", *(name for name, share in aside.items() if share))
        return {name: list(getattr(parts, name)) for name in names}

    def _classes(self, labels: NDArray[np.int64]) -> int:
        present = set(labels.tolist())
        if len(present) < 2:
            raise self._refuse("there is one class only", "a search needs two or more")
        if missing := set(range(len(present))) - present:
            raise self._refuse(
                f"train has class {max(present)}, and no image of class {min(missing)}",
                "number the classes from 0 without gaps",
            )
        return len(present)

    def _split(self, arrays: dict[str, Any], pair: Pair) -> Split:
        import numpy as np

        x, y = arrays[pair.images], one_column(arrays[pair.labels])
        if x.ndim == 3:
            x = x[:, None]
        elif x.ndim == 4 and self.layout == "nhwc":
            x = x.transpose(0, 3, 1, 2)
        if x.ndim != 4 or 0 in x.shape:
            raise self._refuse(
                f"{pair.images} has the shape {arrays[pair.images].shape}",
                "images are (N, C, H, W), or (N, H, W, C) with layout: nhwc, or (N, H, W)",
            )
        if x.dtype != np.uint8 and not np.issubdtype(x.dtype, np.floating):
            raise self._refuse(
                f"{pair.images} is {x.dtype}", "save uint8 from 0 to 255, or float32"
            )
        if y.shape != x.shape[:1] or not np.issubdtype(y.dtype, np.integer):
            raise self._refuse(
                f"{pair.labels} is {y.dtype} of shape {y.shape}",
                f"save {len(x)} integers of shape ({len(x)},), one for each image",
            )
        if y.min() < 0:
            raise self._refuse(f"{pair.labels} holds {y.min()}", "number the classes from 0")
        if x.dtype != np.uint8:
            x = x.astype(np.float32)
            if not np.isfinite(x).all():
                raise self._refuse(
                    f"{pair.images} holds values that are not finite", "replace NaN and infinity"
                )
        return Split(np.ascontiguousarray(x), y.astype(np.int64))

    def _refuse(self, problem: str, cure: str) -> SearchError:
        return SearchError(f"{self.path}: {problem}.  {cure}")


@dataclass(frozen=True, slots=True)
class Arrays:
    """Arrays (B, C, H, W), uint8 or float32, to what the network sees."""

    flip: bool

    def train(self, images: Tensor, generator: Generator) -> Tensor:
        """The images, half of them mirrored if they may be."""
        from archdsl.data.pixels import as_numbers, mirrored

        return as_numbers(mirrored(images, generator) if self.flip else images)

    def plain(self, images: Tensor) -> Tensor:
        """The images as they are."""
        from archdsl.data.pixels import as_numbers

        return as_numbers(images)


def one_column(labels: Any) -> Any:
    """Labels (N,) of an array (N,) or (N, 1); any other array as it is."""
    return labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels


def _preprocessing(info: SourceInfo, images: Split) -> Preprocessing:
    channels, height, width = images.images.shape[1:]
    size = (int(height), int(width))
    if images.images.dtype.name == "uint8":
        pixels = Pixels(BYTES, (0.5,) * channels, (0.25,) * channels, image_size=size)
    else:
        pixels = Pixels(None, (0.0,) * channels, (1.0,) * channels, image_size=size)
    return Preprocessing(info.class_names, int(channels), size, pixels)
