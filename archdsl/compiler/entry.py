"""What leads into a stage: the layers of a stem or a downsample, and what they leave of a map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from archdsl.components.component import Component
from archdsl.components.statics import Size, size_after
from archdsl.language.nodes import Node


@dataclass(frozen=True, slots=True)
class Part:
    """One layer of a stem or a downsample. dim: the width that it names for itself, if any."""

    component: Component
    node: Node
    address: str
    dim: int | None

    def out_size(self, size: Size) -> Size:
        """Height and width of the map after it; below 1 where nothing is left."""
        return size_after(self.component, size)


def left(parts: Iterable[Part], size: Size) -> bool:
    """Whether something is left of a map after parts, one after another."""
    for part in parts:
        size = part.out_size(size)
        if min(size) < 1:
            return False
    return True
