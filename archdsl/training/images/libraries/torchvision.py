"""torchvision's transforms v2: an image in a worker process, and batches that are mixed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from archdsl.data.source import Size
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries.drawing import drawing_from
from archdsl.training.images.libraries.installed import importing
from archdsl.training.images.libraries.library import Box, Mix, OfBatch

if TYPE_CHECKING:
    from PIL.Image import Image

BINS = 1001
"""Magnitudes that its RandAugment tells apart; its own 31 would round those that are drawn."""


class Torchvision:
    """torchvision with what an augmentation says: one share, or one rectangle, to a mixed batch."""

    def __init__(self, augmentation: Augmentation) -> None:
        self.said = augmentation

    def drawing_from(self, seed: int) -> AbstractContextManager[None]:
        """It draws by torch alone."""
        return drawing_from(seed)

    def crops(self, size: Size) -> Callable[[Image], Box]:
        """`RandomResizedCrop`."""
        return _TorchvisionCrops(size, self.said)

    def of_image(self, size: Size) -> list[Callable[[Image], Image]]:
        """`ColorJitter` and `RandAugment`."""
        said, found = self.said, list[Callable[["Image"], "Image"]]()
        if said.color_jitter:
            factors = (1 - said.color_jitter, 1 + said.color_jitter)
            found.append(_v2().ColorJitter(factors, factors, factors))
        if said.rand_augment:
            found.append(_TorchvisionRandAugment(said))
        return found

    def of_batch(self, channels: int) -> list[OfBatch]:
        """`RandomErasing`, image by image: it would erase the same of all in a batch."""
        return [_TorchvisionErasing(self.said)] if self.said.random_erasing else []

    def mixup(self, classes: int) -> Mix:
        """`MixUp`."""
        mix: Mix = _v2().MixUp(alpha=self.said.mixup, num_classes=classes)
        return mix

    def cutmix(self, classes: int) -> Mix:
        """`CutMix`."""
        mix: Mix = _v2().CutMix(alpha=self.said.cutmix, num_classes=classes)
        return mix

    def refuse_batch(self, images: int) -> None:
        """It mixes any number."""


def _v2() -> Any:
    with importing("torchvision"):
        from torchvision.transforms import v2
    return v2


class _TorchvisionCrops:
    def __init__(self, size: Size, said: Augmentation) -> None:
        self.draw = _v2().RandomResizedCrop(size, said.crop_scale, said.crop_ratio)

    def __call__(self, image: Image) -> Box:
        drawn: dict[str, Any] = self.draw.make_params([image])
        left, top = drawn["left"], drawn["top"]
        return left, top, left + drawn["width"], top + drawn["height"]


class _TorchvisionRandAugment:
    def __init__(self, said: Augmentation) -> None:
        self.said = said
        self.change = _v2().RandAugment(
            num_ops=1, num_magnitude_bins=BINS, interpolation=said.interpolation
        )

    def __call__(self, image: Image) -> Image:
        said = self.said
        for _ in range(said.rand_augment):
            magnitude = said.rand_magnitude + said.rand_std * torch.randn(()).item()
            self.change.magnitude = round(min(max(magnitude, 0), 10) / 10 * (BINS - 1))
            image = self.change(image)
        return image


class _TorchvisionErasing:
    def __init__(self, said: Augmentation) -> None:
        self.change = _v2().RandomErasing(
            p=said.random_erasing, scale=said.erasing_scale, value=0.5
        )

    def __call__(self, images: Tensor) -> Tensor:
        return torch.stack([self.change(image) for image in images])
