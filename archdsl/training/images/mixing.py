"""Mixup and cutmix: batches in which each image has a part of another, and of its label."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.training.augmentation import Augmentation
from archdsl.training.images.kornia import library


class Mixing:
    """One of the two for a batch, or none of them, as an augmentation says."""

    def __init__(self, augmentation: Augmentation, classes: int) -> None:
        kornia = library()
        self.augmentation = augmentation
        self.classes = classes
        keys = {"data_keys": ["input", "class"]}
        self.mixup = kornia.RandomMixUpV2(**keys)
        # it draws shares by what it is made with, and mixup evenly
        self.cutmix = kornia.RandomCutMixV2(
            beta=augmentation.cutmix or None, use_correct_lambda=True, **keys
        )

    @torch.no_grad()
    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, h, w) and labels (B,) to mixed images and shares of classes (B, classes).

        Draws from the process's generator.
        """
        said = self.augmentation
        mixed, switch = torch.rand(2).tolist()
        cuts = said.cutmix > 0 and (said.mixup == 0 or switch < said.mix_switch)
        if mixed >= said.mix_probability:
            return images, self._shares(labels)
        if cuts:
            images, told = self.cutmix(images, labels)
            other, share = told[0, :, 1], 1 - told[0, :, 2]
        else:
            drawn = self.mixup.forward_parameters(images.shape)
            alpha = torch.tensor(said.mixup)
            drawn["mixup_lambdas"] = torch.distributions.Beta(alpha, alpha).sample((len(images),))
            images, told = self.mixup(images, labels, params=drawn)
            other, share = told[:, 1], told[:, 2]
        share = share[:, None]
        return images, (1 - share) * self._shares(labels) + share * self._shares(other.long())

    def _shares(self, labels: Tensor) -> Tensor:
        return F.one_hot(labels, self.classes).float()
