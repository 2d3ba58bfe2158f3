"""A decoded image to bytes of the size of the training: what worker processes do to one image."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import torch

from archdsl.data.decode import covering
from archdsl.data.source import Size
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries import library_of
from archdsl.training.images.libraries.library import Box

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageView(Protocol):
    """How a decoded image is brought to the size of the training.

    least: height and width that suffice of an image that can be decoded smaller than it is
    """

    least: Size

    def __call__(self, image: Image, seed: int | None) -> Image:
        """The image at that size. seed: of what is drawn"""
        ...


class Middle:
    """An image scaled until it covers a size, of which the middle is kept: what judges a network.

    size: of the middle, (h, w); augmentation: says which part of the whole that is
    """

    def __init__(self, size: Size, augmentation: Augmentation) -> None:
        self.size = size
        self.cover = covered(size, augmentation)
        self.least = 2 * self.cover[0], 2 * self.cover[1]
        self.interpolation = augmentation.interpolation

    def __call__(self, image: Image, seed: int | None = None) -> Image:
        """The middle; nothing is drawn."""
        image = covering(image, self.cover, self.interpolation)
        (height, width), (high, wide) = self.size, self.cover
        left, top = (wide - width) // 2, (high - height) // 2
        return image.crop((left, top, left + width, top + height))


class Crop:
    """A random part of an image, mirrored or not and changed in colour: what trains a network.

    size: of what is made of it, (h, w)
    Raises SearchError where the library of augmentations is not installed.
    """

    def __init__(self, size: Size, augmentation: Augmentation) -> None:
        self.size = size
        self.augmentation = augmentation
        self.middle = Middle(size, augmentation)
        self.least = self.middle.least
        self.box: Callable[[Image], Box] | None = None
        library = library_of(augmentation)
        self.drawing_from = library.drawing_from
        self.changes = library.of_image(size)
        if augmentation.crop_scale is not None:
            # the smallest crop has as many pixels as it is to have, of an image that is halved
            side = math.sqrt(augmentation.crop_scale[0])
            self.least = math.ceil(size[0] / side), math.ceil(size[1] / side)
            self.box = library.crops(size)

    def __call__(self, image: Image, seed: int | None) -> Image:
        """The part that is drawn."""
        from PIL.Image import Resampling, Transpose

        assert seed is not None, "what trains a network is drawn"
        with self.drawing_from(seed):
            mirrored = torch.rand(()).item() < self.augmentation.flip
            if self.box is None:
                image = self.middle(image)
            else:
                kernel = Resampling[self.augmentation.interpolation.upper()]
                image = image.resize(self.size[::-1], kernel, box=self.box(image))
            if mirrored:
                image = image.transpose(Transpose.FLIP_LEFT_RIGHT)
            for change in self.changes:
                image = change(image)
        return image


def covered(size: Size, augmentation: Augmentation) -> Size:
    """What an image that is judged by is scaled to cover, before its middle is cut."""
    height, width = (round(side / augmentation.test_crop) for side in size)
    return height, width
