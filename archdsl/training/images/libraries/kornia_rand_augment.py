"""RandAugment: for each image operations of its own, by the library's table of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries.installed import importing


class RandAugment:
    """Operations that are drawn for each image of a batch, one after the other.

    They and their ranges are those of `kornia.augmentation.auto.rand_augment`; what changes the
    saturation is left out for images in grey.
    """

    def __init__(self, augmentation: Augmentation, channels: int) -> None:
        with importing("kornia"):
            from kornia.augmentation.auto import rand_augment
        policy = rand_augment.rand_augment.default_policy
        make = rand_augment.ops
        self.augmentation = augmentation
        self.operations = [
            getattr(make, name)(low, high)
            for ((name, low, high),) in policy
            if channels == 3 or name != "color"
        ]

    @torch.no_grad()
    def __call__(self, images: Tensor) -> Tensor:
        """Images (B, C, h, w) from 0 to 1, changed; draws from the process's generator."""
        said = self.augmentation
        for _ in range(said.rand_augment):
            chosen = torch.randint(len(self.operations), (len(images),))
            magnitude = said.rand_magnitude + said.rand_std * torch.randn(len(images))
            strength = magnitude.clamp(0, 10) / 10
            changed = images.clone()
            for number in sorted(set(chosen.tolist())):
                rows = (chosen == number).nonzero()[:, 0]
                there = rows.to(images.device)
                changed[there] = _apply(self.operations[number], images[there], strength[rows])
            images = changed
        return images.clamp(0, 1)


def _apply(operation: Any, images: Tensor, strength: Tensor) -> Tensor:
    """What an operation makes of images (B, C, h, w) at strengths (B,) from 0 to 1."""
    magnitude = None
    if operation.magnitude_range is not None:
        low, high = map(float, operation.magnitude_range)
        bits = operation._factor_name == "bits_factor"  # the fewer are kept, the stronger it is
        magnitude = low + (high - low) * (1 - strength if bits else strength)
        sides = {"translate_x": images.shape[3], "translate_y": images.shape[2]}
        magnitude = magnitude * sides.get(operation._factor_name, 1)
    drawn = operation.forward_parameters(images.shape, mag=magnitude)
    changed: Tensor = operation(images, params=drawn)
    return changed
