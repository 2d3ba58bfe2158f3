"""What is done to a batch on the device, after it was read: changes at random, and numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from archdsl.data.pixels import as_numbers
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.kornia import drawing_from, library
from archdsl.training.images.mixing import Mixing
from archdsl.training.images.rand_augment import RandAugment
from archdsl.training.images.reading import Read


class Augment:
    """Batches as they were read to what a network is trained on, as an augmentation says.

    Raises SearchError where the library of augmentations is not installed.
    """

    def __init__(self, augmentation: Augmentation, channels: int, classes: int) -> None:
        said = augmentation
        factors = 1 - said.color_jitter, 1 + said.color_jitter
        self.jitter = (
            library().ColorJitter(factors, factors, factors, p=1.0) if said.color_jitter else None
        )
        self.rand_augment = RandAugment(said, channels) if said.rand_augment else None
        self.mixing = Mixing(said, classes) if said.mixes else None
        self.erasing = (
            library().RandomErasing(scale=said.erasing_scale, value=0.5, p=said.random_erasing)
            if said.random_erasing
            else None
        )

    @torch.no_grad()
    def __call__(self, read: Read) -> tuple[Tensor, Tensor]:
        """Images (B, C, h, w), float32, in channels-last memory, and targets.

        Targets are labels (B,), int64, or with mixup or cutmix shares of classes (B, classes).
        """
        images, targets = read.images, read.labels
        if read.seed is None:
            return _laid(as_numbers(images)), targets
        with drawing_from(read.seed):
            images = self._coloured(images)
            if self.mixing is not None:
                images, targets = self.mixing(images, targets)
        return _laid(images), targets

    def _coloured(self, images: Tensor) -> Tensor:
        """Bytes to numbers as a network sees them, changed one by one."""
        if self.jitter is None and self.rand_augment is None and self.erasing is None:
            return as_numbers(images)
        images = images.float().div_(255)
        if self.jitter is not None:  # it takes three channels; of grey they stay alike
            channels = images.shape[1]
            images = self.jitter(images.expand(-1, 3, -1, -1))[:, :channels]
        if self.rand_augment is not None:
            images = self.rand_augment(images)
        if self.erasing is not None:
            images = self.erasing(images)
        return images.mul(4).sub_(2)  # (pixel - 0.5) / 0.25, as those that are judged by


def _laid(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)
