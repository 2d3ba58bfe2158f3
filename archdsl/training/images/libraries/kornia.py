"""kornia: it changes the images of a batch together, on the device."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.data.source import Size
from archdsl.training.augmentation import Augmentation
from archdsl.training.images.libraries.drawing import drawing_from
from archdsl.training.images.libraries.installed import importing
from archdsl.training.images.libraries.kornia_rand_augment import RandAugment
from archdsl.training.images.libraries.library import Box, Mix, OfBatch

if TYPE_CHECKING:
    from PIL.Image import Image

KEYS = {"data_keys": ["input", "class"]}


class Kornia:
    """kornia with what an augmentation says: every image of a batch has draws of its own."""

    def __init__(self, augmentation: Augmentation) -> None:
        self.said = augmentation

    def drawing_from(self, seed: int) -> AbstractContextManager[None]:
        """It draws by torch alone."""
        return drawing_from(seed)

    def crops(self, size: Size) -> Callable[[Image], Box]:
        """`ResizedCropGenerator`."""
        return _KorniaCrops(size, self.said)

    def of_image(self, size: Size) -> list[Callable[[Image], Image]]:
        """Nothing: batches are changed."""
        return []

    def of_batch(self, channels: int) -> list[OfBatch]:
        """`ColorJitter`, `RandAugment`'s operations, `RandomErasing`."""
        said, found = self.said, list[OfBatch]()
        if said.color_jitter:
            found.append(_KorniaJitter(said))
        if said.rand_augment:
            found.append(RandAugment(said, channels))
        if said.random_erasing:
            found.append(
                _library().RandomErasing(scale=said.erasing_scale, value=0.5, p=said.random_erasing)
            )
        return found

    def mixup(self, classes: int) -> Mix:
        """`RandomMixUpV2`, by a share of each image's own."""
        return _KorniaMixUp(self.said.mixup, classes)

    def cutmix(self, classes: int) -> Mix:
        """`RandomCutMixV2`, by a rectangle of each image's own."""
        return _KorniaCutMix(self.said.cutmix, classes)

    def refuse_batch(self, images: int) -> None:
        """It mixes any number."""


def _library() -> Any:
    with importing("kornia"):
        import kornia.augmentation
    return kornia.augmentation


class _KorniaCrops:
    def __init__(self, size: Size, said: Augmentation) -> None:
        assert said.crop_scale is not None, "asked for only where there are random crops"
        self.draw = _library().random_generator.ResizedCropGenerator(
            size, torch.tensor(said.crop_scale), torch.tensor(said.crop_ratio)
        )

    def __call__(self, image: Image) -> Box:
        drawn: dict[str, Any] = self.draw((1, image.height, image.width))
        corners = drawn["src"][0]  # clockwise from the top left; the last pixel is one of the crop
        (left, top), (right, bottom) = corners[0].tolist(), corners[2].tolist()
        return left, top, right + 1, bottom + 1


class _KorniaJitter:
    def __init__(self, said: Augmentation) -> None:
        factors = 1 - said.color_jitter, 1 + said.color_jitter
        self.change = _library().ColorJitter(factors, factors, factors, p=1.0)

    def __call__(self, images: Tensor) -> Tensor:
        channels = images.shape[1]  # it takes three; of grey they stay alike
        changed: Tensor = self.change(images.expand(-1, 3, -1, -1))[:, :channels]
        return changed


class _KorniaMixUp:
    def __init__(self, alpha: float, classes: int) -> None:
        self.alpha, self.classes = torch.tensor(alpha), classes
        self.change = _library().RandomMixUpV2(**KEYS)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        # it draws shares evenly
        drawn = self.change.forward_parameters(images.shape)
        beta = torch.distributions.Beta(self.alpha, self.alpha)
        drawn["mixup_lambdas"] = beta.sample((len(images),))
        images, told = self.change(images, labels, params=drawn)
        return images, _shares(labels, told[:, 1], told[:, 2], self.classes)


class _KorniaCutMix:
    def __init__(self, alpha: float, classes: int) -> None:
        self.classes = classes
        self.change = _library().RandomCutMixV2(beta=alpha, use_correct_lambda=True, **KEYS)

    def __call__(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        images, told = self.change(images, labels)
        return images, _shares(labels, told[0, :, 1], 1 - told[0, :, 2], self.classes)


def _shares(labels: Tensor, other: Tensor, share: Tensor, classes: int) -> Tensor:
    """Shares of classes (B, classes). share: (B,), of the other image's class"""
    share = share[:, None]
    one, two = (F.one_hot(which.long(), classes).float() for which in (labels, other))
    return (1 - share) * one + share * two
