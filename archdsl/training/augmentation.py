"""How training images are changed at random, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal, Self

from archdsl.components.options import (
    Bound,
    Fraction,
    NonNegative,
    NonNegativeNumber,
    Positive,
    PositiveNumber,
)
from archdsl.errors import SearchError
from archdsl.training import plain_values

PartOfAll = Annotated[float, Bound("number above 0 and up to 1", lambda v: 0 < v <= 1)]
Magnitude = Annotated[float, Bound("number from 0 to 10", lambda v: 0 <= v <= 10)]


@dataclass(frozen=True, slots=True)
class Augmentation:
    """What is drawn for each training image, and what is done to none when a network is judged.

    An image is cut and mirrored when it is decoded; then it goes through colour jitter,
    RandAugment, random erasing, and mixup or cutmix, in this order.

    library: whose operations they are, and who draws them; what one of them makes of an image is
        not what another one does
    crop_scale: the least and the greatest share of the area that a random crop takes, which is
        then brought to the size of the training (C. Szegedy et al., Going Deeper with Convolutions,
        CVPR 2015); None cuts training images as those that are judged by
    crop_ratio: the least and the greatest width of such a crop, as a share of its height
    interpolation: of every scaling of a decoded image
    flip: the probability that an image is mirrored left to right
    color_jitter: how far brightness, contrast and saturation are changed: each by a factor between
        1 - color_jitter and 1 + color_jitter, from 0
    rand_augment: operations of RandAugment to an image (E. Cubuk et al., arXiv 1909.13719); 0 for
        none
    rand_magnitude: how strong they are, from 0 to 10
    rand_std: the standard deviation of the magnitude, which is drawn for each image
    random_erasing: the probability that a rectangle of an image is erased (Z. Zhong et al., AAAI
        2020), which leaves the middle of the range of the pixels
    erasing_scale: the least and the greatest share of the area that is erased
    mixup, cutmix: alpha of the Beta(alpha, alpha) that the share of the other image is drawn from
        (H. Zhang et al., ICLR 2018; S. Yun et al., ICCV 2019); 0 for none
    mix_probability: of a batch that it is mixed at all
    mix_switch: where there are both, the probability that it is by cutmix
    repeated: how often an image comes in the batches of a pass, each time changed in another way;
        a pass takes a `repeated`-th of the images and has as many steps as without (E. Hoffer et
        al., Augment Your Batch, CVPR 2020, as H. Touvron et al., DeiT, ICML 2021, have it)
    test_crop: the part of the height and width that is kept of an image that is judged by: it is
        scaled until it covers the size of the training divided by this, and cut around the middle

    Raises SearchError for a value that its field does not take, and for what the library lacks.
    """

    library: Literal["kornia", "torchvision", "timm"] = "kornia"
    crop_scale: tuple[PartOfAll, PartOfAll] | None = (0.08, 1.0)
    crop_ratio: tuple[PositiveNumber, PositiveNumber] = (3 / 4, 4 / 3)
    interpolation: Literal["bilinear", "bicubic"] = "bicubic"
    flip: Fraction = 0.5
    color_jitter: Fraction = 0.0
    rand_augment: NonNegative = 0
    rand_magnitude: Magnitude = 9.0
    rand_std: NonNegativeNumber = 0.5
    random_erasing: Fraction = 0.0
    erasing_scale: tuple[PartOfAll, PartOfAll] = (0.02, 1 / 3)
    mixup: NonNegativeNumber = 0.0
    cutmix: NonNegativeNumber = 0.0
    mix_probability: Fraction = 1.0
    mix_switch: Fraction = 0.5
    repeated: Positive = 1
    test_crop: PartOfAll = 0.875

    def __post_init__(self) -> None:
        plain_values.check(self, "augmentation")
        for name in ("crop_scale", "crop_ratio", "erasing_scale"):
            if (pair := getattr(self, name)) is not None and pair[0] > pair[1]:
                raise SearchError(
                    f"augmentation: {name} is [{pair[0]:g}, {pair[1]:g}].  write the least first"
                )
        if self.library == "timm" and self.color_jitter:
            raise SearchError(
                "augmentation: timm has no color_jitter of its own.  write  color_jitter: 0, or  "
                "library: torchvision"
            )

    @property
    def mixes(self) -> bool:
        """Whether targets are shares of classes, (B, classes), and not labels, (B,)."""
        return self.mix_probability > 0 and (self.mixup > 0 or self.cutmix > 0)

    def __repr__(self) -> str:
        """What differs from the defaults, as it would be written."""
        own = [f for f in fields(self) if getattr(self, f.name) != f.default]
        return f"Augmentation({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in own)})"

    def record(self) -> dict[str, Any]:
        """The augmentation as JSON holds it, every field by its name."""
        return plain_values.record(self)

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Self:
        """The augmentation that `record()` wrote, also before it had a `library`.

        Raises SearchError for what is none.
        """
        return plain_values.from_record(cls, {"library": "kornia", **record}, "augmentation")
