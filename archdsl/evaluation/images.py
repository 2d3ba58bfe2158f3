"""Images of a split, a batch at a time, as the network sees them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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

THREADS = 8
"""That decode files: more than a machine has cores costs nothing, and hides a slow disk."""


class ImageStream(Protocol):
    """Images in order, with the labels that their data give them."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,), the class of each in the order of the data's classes."""

    def batches(self, size: int) -> Iterator[Tensor]:
        """Batches (B, C, h, w), float32, in order. Raises SearchError."""


@dataclass(frozen=True, slots=True)
class FileImages:
    """Images that are stored one by one, decoded as they are needed: a batch ahead.

    pixels: with a `cover`; size: height and width of what the network sees
    """

    parts: tuple[Samples, ...]
    channels: Channels
    pixels: Pixels
    size: Size

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,)."""
        return np.concatenate([its.labels for its in self.parts])

    def batches(self, size: int) -> Iterator[Tensor]:
        """Batches (B, C, h, w). Raises SearchError, naming the file, for one that is no image."""
        names = [(its, index) for its in self.parts for index in range(len(its))]
        with ThreadPoolExecutor(THREADS) as pool:
            parts = [names[at : at + size] for at in range(0, len(names), size)]
            coming = [pool.submit(self._one, name) for name in parts[0]]
            try:
                for following in [*parts[1:], []]:
                    ready, coming = coming, [pool.submit(self._one, name) for name in following]
                    bytes_ = torch.from_numpy(np.stack([one.result() for one in ready]))
                    yield normalised(middle(bytes_, self.size), *_normal(self.pixels))
            finally:
                pool.shutdown(cancel_futures=True)

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

    def batches(self, size: int) -> Iterator[Tensor]:
        """Batches (B, C, h, w)."""
        for split, views in self.parts:
            for at in range(0, len(split), size):
                stored = torch.from_numpy(np.array(split.images[at : at + size]))
                if self.pixels is None:
                    images = views.plain(stored)
                else:
                    images = normalised(stored, *_normal(self.pixels))
                if tuple(images.shape[2:]) != self.size:
                    images = scaled(images, self.size, self.interpolation)
                yield images


def _normal(pixels: Pixels) -> tuple[float, tuple[float, ...], tuple[float, ...]]:
    assert pixels.scale is not None, "bytes have a scale"
    return pixels.scale, pixels.mean, pixels.std
