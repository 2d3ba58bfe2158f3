"""Mixup and cutmix: batches in which each image has a part of another, and of its label."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries import library_of


class Mixing:
    """One of the two for a batch, or none of them, as an augmentation says."""

    def __init__(self, augmentation: Augmentation, classes: int) -> None:
        library = library_of(augmentation)
        self.augmentation = augmentation
        self.classes = classes
        self.refuse_batch = library.refuse_batch
        self.mixup = library.mixup(classes) if augmentation.mixup else None
        self.cutmix = library.cutmix(classes) if augmentation.cutmix else None

    @torch.no_grad()
    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, h, w) and labels (B,) to mixed images and shares of classes (B, classes).

        Draws from the process's generators. Raises SearchError for a number of images that the
        library does not mix.
        """
        said = self.augmentation
        self.refuse_batch(len(images))
        mixed, switch = torch.rand(2).tolist()
        if mixed >= said.mix_probability:
            return images, F.one_hot(labels, self.classes).float()
        cuts = self.mixup is None or switch < said.mix_switch
        mix = self.cutmix if cuts and self.cutmix is not None else self.mixup
        assert mix is not None, "made only where there is one of the two"
        return mix(images, labels)
