"""What is known of the published models that are shipped: their cost, accuracy and weights.

The figures stand in `specs/published.yaml`, so that nothing has to be counted to list them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archdsl import shipped
from archdsl.language.nodes import plain
from archdsl.language.yaml import read_file


@dataclass(frozen=True, slots=True)
class Published:
    """A published model.

    params, macs: of the deployed form, at the spec's own input
    top1: percent on ImageNet-1k as its authors report it, None where they do not
    top1_at: the side of the images that top1 is for, None for the spec's own input
    weights: where they were published, None where they were not
    """

    name: str
    params: int
    macs: int
    top1: float | None
    weights: str | None
    top1_at: int | None = None


def published() -> dict[str, Published]:
    """Every published model by the name of its spec, in the order of the file."""
    top: Any = plain(read_file(shipped.folder() / "published.yaml"))
    return {
        name: Published(name=name, weights=family["weights"], **figures)
        for family in top["families"]
        for name, figures in family["models"].items()
    }
