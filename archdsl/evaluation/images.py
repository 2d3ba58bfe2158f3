"""Images of a split, a batch at a time, as the network sees them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from archdsl.data.decode import decode
from archdsl.data.listing import Listing
from archdsl.data.preprocessing import Pixels
from archdsl.data.resampling import middle, normalised, scaled
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
    """Image files, decoded as they are needed: the next batch while one is judged.

    pixels: with a `cover`; size: height and width of what the network sees
    """

    listings: tuple[Listing, ...]
    channels: int
    pixels: Pixels
    size: Size

    @property
    def labels(self) -> NDArray[np.int64]:
        """(N,)."""
        return np.asarray([one for its in self.listings for one in its.labels], dtype=np.int64)

    def batches(self, size: int) -> Iterator[Tensor]:
        """Batches (B, C, h, w). Raises SearchError, naming the file, for one that is no image."""
        names = [its.root / name for its in self.listings for name in its.files]
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

    def _one(self, path: Path) -> NDArray[np.uint8]:
        assert self.pixels.cover is not None, "files are scaled until they cover something"
        image = decode(path, self.channels, self.pixels.cover, self.pixels.interpolation)
        return np.ascontiguousarray(image)


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
