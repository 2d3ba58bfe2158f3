"""What is done to a batch on the device, after it was read: changes at random, and numbers."""

from __future__ import annotations

import torch
from torch import Tensor

from archdsl.data.pixels import as_numbers
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries import library_of
from archdsl.training.images.mixing import Mixing
from archdsl.training.images.reading import Read


class Augment:
    """Batches as they were read to what a network is trained on, as an augmentation says.

    Raises SearchError where the library of augmentations is not installed.
    """

    def __init__(self, augmentation: Augmentation, channels: int, classes: int) -> None:
        library = library_of(augmentation)
        self.drawing_from = library.drawing_from
        self.changes = library.of_batch(channels)
        self.mixing = Mixing(augmentation, classes) if augmentation.mixes else None

    @torch.no_grad()
    def __call__(self, read: Read) -> tuple[Tensor, Tensor]:
        """Images (B, C, h, w), float32, in channels-last memory, and targets.

        Targets are labels (B,), int64, or with mixup or cutmix shares of classes (B, classes).
        """
        images, targets = read.images, read.labels
        if read.seed is None:
            return _laid(as_numbers(images)), targets
        with self.drawing_from(read.seed):
            images = self._changed(images)
            if self.mixing is not None:
                images, targets = self.mixing(images, targets)
        return _laid(images), targets

    def _changed(self, images: Tensor) -> Tensor:
        """Bytes to numbers as a network sees them, changed one by one."""
        if not self.changes:
            return as_numbers(images)
        images = images.float().div_(255)
        for change in self.changes:
            images = change(images)
        return images.mul(4).sub_(2)  # (pixel - 0.5) / 0.25, as those that are judged by


def _laid(images: Tensor) -> Tensor:
    return images.contiguous(memory_format=torch.channels_last)
