"""timm's transforms: an image in a worker process, and a batch on the device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from archdsl.data.source import Size
from archdsl.errors import SearchError
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries.drawing import drawing_all_from
from archdsl.training.images.libraries.installed import importing
from archdsl.training.images.libraries.library import Box, Mix, OfBatch

if TYPE_CHECKING:
    from PIL.Image import Image

FILL = 128
"""What comes in from outside of an image that is turned or moved: the middle of its range."""
MOST_MOVED = 0.45
"""Of the smaller side: how far timm's training moves an image at most."""
STRONGEST = 9.999
"""At 10 its posterizing keeps no bit of a colour, which Pillow refuses."""


class Timm:
    """timm with what an augmentation says: one share, or one rectangle, to a mixed batch."""

    def __init__(self, augmentation: Augmentation) -> None:
        self.said = augmentation

    def drawing_from(self, seed: int) -> AbstractContextManager[None]:
        """It draws by Python and by numpy."""
        return drawing_all_from(seed)

    def crops(self, size: Size) -> Callable[[Image], Box]:
        """`RandomResizedCropAndInterpolation`."""
        return _TimmCrops(self.said)

    def of_image(self, size: Size) -> list[Callable[[Image], Image]]:
        """`rand_augment_transform`, with operations that are stronger with the magnitude."""
        return [_TimmRandAugment(size, self.said)] if self.said.rand_augment else []

    def of_batch(self, channels: int) -> list[OfBatch]:
        """`RandomErasing`."""
        return [_TimmErasing(self.said)] if self.said.random_erasing else []

    def mixup(self, classes: int) -> Mix:
        """`Mixup`, of a batch."""
        return _TimmMix(classes, mixup_alpha=self.said.mixup)

    def cutmix(self, classes: int) -> Mix:
        """`Mixup`, of a batch, with rectangles alone."""
        return _TimmMix(classes, mixup_alpha=0.0, cutmix_alpha=self.said.cutmix)

    def refuse_batch(self, images: int) -> None:
        """It mixes the images of a batch in pairs."""
        if images % 2:
            raise SearchError(
                f"recipe: augmentation: timm mixes images in pairs, and a batch has {images}.  "
                "write a train.batch that is even on each device, or  library: kornia"
            )


class _TimmCrops:
    def __init__(self, said: Augmentation) -> None:
        with importing("timm"):
            from timm.data.transforms import RandomResizedCropAndInterpolation
        self.draw = RandomResizedCropAndInterpolation.get_params
        self.ranges = said.crop_scale, said.crop_ratio

    def __call__(self, image: Image) -> Box:
        top, left, height, width = self.draw(image, *self.ranges)
        return left, top, left + width, top + height


class _TimmRandAugment:
    def __init__(self, size: Size, said: Augmentation) -> None:
        with importing("timm"):
            from timm.data.auto_augment import rand_augment_transform
        from PIL.Image import Resampling

        self.by_mode: dict[str, Any] = {}
        for mode, fill in (("RGB", (FILL, FILL, FILL)), ("L", FILL)):
            how = {
                "magnitude_std": said.rand_std,
                "magnitude_max": STRONGEST,
                "translate_const": int(min(size) * MOST_MOVED),
                "img_mean": fill,
                "interpolation": Resampling[said.interpolation.upper()],
            }
            change = rand_augment_transform(f"rand-n{said.rand_augment}-inc1", how)
            for operation in change.ops:  # its text takes whole magnitudes alone
                operation.magnitude = said.rand_magnitude
            self.by_mode[mode] = change

    def __call__(self, image: Image) -> Image:
        changed: Image = self.by_mode[image.mode](image)
        return changed


class _TimmErasing:
    def __init__(self, said: Augmentation) -> None:
        with importing("timm"):
            from timm.data.random_erasing import RandomErasing
        least, most = said.erasing_scale
        self.erase = RandomErasing(said.random_erasing, least, most, mode="const", device="cpu")

    def __call__(self, images: Tensor) -> Tensor:
        batch, _, height, width = images.shape
        kept = self.erase(torch.ones(batch, 1, height, width))  # it leaves 0 where it erases
        return images.masked_fill(kept.to(images.device) == 0, 0.5)


class _TimmMix:
    def __init__(self, classes: int, **alphas: float) -> None:
        with importing("timm"):
            from timm.data.mixup import Mixup
        self.mix = Mixup(label_smoothing=0.0, num_classes=classes, **alphas)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        mixed, shares = self.mix(images.clone(), labels)
        return mixed, shares
