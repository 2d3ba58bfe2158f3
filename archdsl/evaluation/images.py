"""Images of a split, a batch at a time, as the network sees them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archdsl.data.decode import Channels, array_of, covering
from archdsl.data.preprocessing import Pixels
from archdsl.data.resampling import middle, normalised, scaled
from archdsl.data.samples import Samples
from archdsl.data.source import Size, Split, Views
from archdsl.errors import SearchError
from archdsl.training.images.reading import MOST, OnBad

THREADS = 8
"""That decode files: more than a machine has cores costs nothing, and hides a slow disk."""


class ImageStream(Protocol):
    """Images in order, with the labels that their data give them."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,), the class of each in the order of the data's classes."""

    def batches(self, size: int) -> Iterator[tuple[Tensor, NDArray[np.int64]]]:
        """Batches (B, C, h, w), float32, in order, with their labels (B,). Raises SearchError."""


@dataclass(frozen=True, slots=True)
class FileImages:
    """Images that are stored one by one, decoded as they are needed: a batch ahead.

    pixels: with a `cover`; size: height and width of what the network sees
    on_bad: what becomes of one that cannot be read: with "skip" it is left out
    passed_over: why each that was left out in the last pass cannot be read
    """

    parts: tuple[Samples, ...]
    channels: Channels
    pixels: Pixels
    size: Size
    on_bad: OnBad = "stop"
    passed_over: list[str] = field(default_factory=list)

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,)."""
        return np.concatenate([its.labels for its in self.parts])

    def batches(self, size: int) -> Iterator[tuple[Tensor, NDArray[np.int64]]]:
        """Batches (B, C, h, w) with their labels (B,).

        Raises SearchError, naming the file, for one that is no image; with "skip" for very many in
        a row, which are no accident, and where there is no other.
        """
        names = [(its, index) for its in self.parts for index in range(len(its))]
        self.passed_over.clear()
        in_a_row = 0
        with ThreadPoolExecutor(THREADS) as pool:
            parts = [names[at : at + size] for at in range(0, len(names), size)]
            coming = self._begun(pool, parts[0])
            try:
                for following in [*parts[1:], []]:
                    ready, coming = coming, self._begun(pool, following)
                    read: list[tuple[NDArray[np.uint8], int]] = []
                    for label, one in ready:
                        why = one.exception()
                        if why is None:
                            read.append((one.result(), label))
                            in_a_row = 0
                            continue
                        in_a_row += 1
                        self._passed_over(why, in_a_row)
                    if read:
                        bytes_ = torch.from_numpy(np.stack([image for image, _ in read]))
                        images = normalised(middle(bytes_, self.size), *_normal(self.pixels))
                        yield images, np.array([label for _, label in read])
            finally:
                pool.shutdown(cancel_futures=True)
        if len(self.passed_over) == len(names):
            raise SearchError(f"{self.passed_over[-1]}; nor can any other image")

    def _begun(
        self, pool: ThreadPoolExecutor, names: list[tuple[Samples, int]]
    ) -> list[tuple[int, Future[NDArray[np.uint8]]]]:
        """Labels, and what will be their images."""
        return [(int(one[0].labels[one[1]]), pool.submit(self._one, one)) for one in names]

    def _passed_over(self, why: BaseException, in_a_row: int) -> None:
        if self.on_bad == "stop" or not isinstance(why, SearchError):
            raise why
        self.passed_over.append(str(why))
        if in_a_row == MOST:
            raise SearchError(f"{why}; nor can the {MOST - 1} images before it")

    def _one(self, where: tuple[Samples, int]) -> NDArray[np.uint8]:
        samples, index = where
        cover = self.pixels.cover
        assert cover is not None, "files are scaled until they cover something"
        image = samples.image(index, self.channels, (2 * cover[0], 2 * cover[1]))
        return np.ascontiguousarray(array_of(covering(image, cover, self.pixels.interpolation)))


@dataclass(frozen=True, slots=True)
class ArrayImages:
    """Images in memory, as their source lets them be seen.

    parts: splits and how each is seen, one after another
    pixels: what becomes of bytes in the place of that, None for what the source does
    size: of what the network sees; interpolation: how other sizes are brought to it
    """

    parts: tuple[tuple[Split, Views], ...]
    pixels: Pixels | None
    size: Size
    interpolation: str = "bilinear"
    labels: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        labels = np.concatenate([split.labels for split, _ in self.parts])
        object.__setattr__(self, "labels", labels)

    def batches(self, size: int) -> Iterator[tuple[Tensor, NDArray[np.int64]]]:
        """Batches (B, C, h, w) with their labels (B,)."""
        for split, views in self.parts:
            for at in range(0, len(split), size):
                stored = torch.from_numpy(np.array(split.images[at : at + size]))
                if self.pixels is None:
                    images = views.plain(stored)
                else:
                    images = normalised(stored, *_normal(self.pixels))
                if tuple(images.shape[2:]) != self.size:
                    images = scaled(images, self.size, self.interpolation)
                yield images, split.labels[at : at + size]


def _normal(pixels: Pixels) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    assert pixels.scale is not None, "bytes have a scale"
    return pixels.scale, pixels.mean, pixels.std
