"""What a library of augmentations is asked for."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Protocol, TypeAlias

from torch import Tensor

from archdsl.data.source import Size

if TYPE_CHECKING:
    from PIL.Image import Image

Box: TypeAlias = tuple[float, float, float, float]
"""Left, top, right and bottom, in pixels."""
OfBatch: TypeAlias = Callable[[Tensor], Tensor]
"""Images (B, C, h, w) from 0 to 1, changed; B numbers are drawn, or more."""
Mix: TypeAlias = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
"""Images (B, C, h, w) and labels (B,) to mixed images and shares of classes (B, classes)."""


class Library(Protocol):
    """A library with what an augmentation says.

    All that it makes draws from generators of the process, which `drawing_from` gives a seed. What
    changes one image is called in worker processes, what changes a batch on the device.
    Each raises SearchError where the library is not installed.
    """

    def drawing_from(self, seed: int) -> AbstractContextManager[None]:
        """Let what is drawn inside follow from a seed, and leave the generators as they were."""
        ...

    def crops(self, size: Size) -> Callable[[Image], Box]:
        """The part of an image that is kept of it, and then scaled to a size (h, w)."""
        ...

    def of_image(self, size: Size) -> list[Callable[[Image], Image]]:
        """What is done to a crop of a size (h, w), one after the other."""
        ...

    def of_batch(self, channels: int) -> list[OfBatch]:
        """What is done to the images of a batch, one after the other."""
        ...

    def mixup(self, classes: int) -> Mix:
        """Mixup, which blends an image with another one."""
        ...

    def cutmix(self, classes: int) -> Mix:
        """Cutmix, which puts a rectangle of another image into one."""
        ...

    def refuse_batch(self, images: int) -> None:
        """Raise SearchError for a number of images that the library does not mix."""
        ...
