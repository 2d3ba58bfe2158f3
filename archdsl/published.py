"""What is known of the published models that are shipped: their cost, accuracy and weights.

The figures stand in `specs/published.yaml`, so that nothing has to be counted to list them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from archdsl import shipped
from archdsl.language.nodes import plain
from archdsl.language.yaml import read_file


@dataclass(frozen=True, slots=True)
class PublishedView:
    """How the images were made that an accuracy was published for.

    crop: the share of an image's shorter side that is cut out of the middle
    mean, std: of the pixels from 0 to 1, channel by channel
    """

    crop: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: Literal["bilinear", "bicubic"]


@dataclass(frozen=True, slots=True)
class Published:
    """A published model.

    params, macs: of the deployed form, at the spec's own input
    top1: percent on ImageNet-1k as its authors report it, None where they do not
    top1_at: the side of the images that top1 is for, None for the spec's own input
    weights: where they were published, None where they were not
    seen: how the images of top1 were made, None where that is not known
    """

    name: str
    params: int
    macs: int
    top1: float | None
    weights: str | None
    top1_at: int | None = None
    seen: PublishedView | None = None


def published() -> dict[str, Published]:
    """Every published model by the name of its spec, in the order of the file."""
    top: Any = plain(read_file(shipped.folder() / "published.yaml"))
    return {
        name: _model(name, family, dict(figures))
        for family in top["families"]
        for name, figures in family["models"].items()
    }


def _model(name: str, family: dict[str, Any], figures: dict[str, Any]) -> Published:
    seen = family.get("seen")
    crop = figures.pop("crop", None if seen is None else seen["crop"])
    made = seen and PublishedView(
        crop, tuple(seen["mean"]), tuple(seen["std"]), seen["interpolation"]
    )
    return Published(name=name, weights=family["weights"], seen=made, **figures)
