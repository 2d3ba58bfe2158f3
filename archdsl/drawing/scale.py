"""How wide and how high a block is drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

from archdsl.compiler.network import Shape

WIDEST, HIGHEST = 104.0, 60.0
_LEAST_WIDE, _LEAST_HIGH = 22.0, 15.0

WORDS = (
    "A block is as wide as the square root of its channels, and as high as that of its map's side; "
    "channels × height × width are written beside it. Inside it, from left to right: its mixers."
)


@dataclass(frozen=True, slots=True)
class DrawnScale:
    """One scale for all that is to be compared. dim, side: the largest of all maps"""

    dim: int
    side: float

    def width(self, dim: int) -> float:
        """By channels; not so narrow that nothing could be read in it."""
        return max(_LEAST_WIDE, WIDEST * sqrt(dim / self.dim))

    def height(self, shape: Shape) -> float:
        """By the side of the map."""
        return max(_LEAST_HIGH, HIGHEST * sqrt(_side(shape) / self.side))


def scale_of(dims: Iterable[int], shapes: Iterable[Shape]) -> DrawnScale:
    """The scale on which the widest and the largest have all the room there is."""
    return DrawnScale(max(dims), max(map(_side, shapes)))


def _side(shape: Shape) -> float:
    """Of a square as large as the map: positions in a row, as with a class token, are a map too."""
    return sqrt(shape[1] * shape[2])
