"""What leads into a stage: the layers of a stem or a downsample, and what they leave of a map."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from archdsl.component import Component
from archdsl.spec.nodes import Node
from archdsl.statics import arguments, static

Size: TypeAlias = "tuple[int, int]"
"""Height and width."""


@dataclass(frozen=True, slots=True)
class Part:
    """One layer of a stem or a downsample. dim: the width that it names for itself, if any."""

    component: Component
    node: Node
    address: str
    dim: int | None

    def out_size(self, size: Size) -> Size:
        """Height and width of the map after it; below 1 where nothing is left."""
        function = static(self.component.definition, "out_size")
        if function is None:
            return size
        known = {"size": size, **dict(self.component.options)}
        after: Size = function[0](**arguments(function[1], known))
        return after


def left(parts: Iterable[Part], size: Size) -> bool:
    """Whether something is left of a map after parts, one after another."""
    for part in parts:
        size = part.out_size(size)
        if min(size) < 1:
            return False
    return True
