"""A picture as plain shapes: boxes, lines and words at places, before anything draws it.

A unit is a point at the picture's own size; x goes right, y goes down.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from archdsl.printable import printable_line
from archdsl.views.letters import text_width

Ink: TypeAlias = Literal["ink", "quiet", "dark"]
"""The page's own text colour, the same fainter, and a dark one for what stands on a fill."""

Anchor: TypeAlias = Literal["left", "center", "right"]
Bounds: TypeAlias = tuple[float, float, float, float]
"""Left, top, right, bottom."""

ASCENT, DESCENT = 0.76, 0.24
"""Of letters above and below their line, as shares of their size."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle. fill: as CSS writes a colour, `ink`, or none; dashed: its outline

    striped: whether it is told from another of its fill by stripes
    faint: whether its outline is
    """

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    outlined: bool = True
    dashed: bool = False
    striped: bool = False
    faint: bool = False

    def moved(self, dx: float, dy: float) -> Box:
        """The same elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    @property
    def bounds(self) -> Bounds:
        """Where it lies."""
        return self.x, self.y, self.x + self.width, self.y + self.height


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line from one point to another. arrow: whether it ends in one; faint: whether it is"""

    x: float
    y: float
    to_x: float
    to_y: float
    arrow: bool = False
    faint: bool = False

    def moved(self, dx: float, dy: float) -> Stroke:
        """The same elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy, to_x=self.to_x + dx, to_y=self.to_y + dy)

    @property
    def bounds(self) -> Bounds:
        """Where it lies."""
        return (
            min(self.x, self.to_x), min(self.y, self.to_y),
            max(self.x, self.to_x), max(self.y, self.to_y),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Words:
    """A text on one line. y: of the line that its letters stand on"""

    x: float
    y: float
    text: str
    size: float
    anchor: Anchor = "left"
    ink: Ink = "ink"
    bold: bool = False

    def moved(self, dx: float, dy: float) -> Words:
        """The same elsewhere."""
        return replace(self, x=self.x + dx, y=self.y + dy)

    @property
    def bounds(self) -> Bounds:
        """Where it lies, in letters as wide as those of the pictures' font."""
        width = text_width(self.text, self.size, bold=self.bold)
        left = self.x - {"left": 0.0, "center": width / 2, "right": width}[self.anchor]
        return left, self.y - ASCENT * self.size, left + width, self.y + DESCENT * self.size


Shape: TypeAlias = Box | Stroke | Words


@dataclass(frozen=True, slots=True)
class Sketch:
    """A picture: its size, its shapes from back to front, and what it shows, in words."""

    width: float
    height: float
    shapes: tuple[Shape, ...]
    title: str

    @property
    def words(self) -> Sequence[Words]:
        """Its texts."""
        return [shape for shape in self.shapes if isinstance(shape, Words)]


def moved(shapes: Iterable[Shape], dx: float, dy: float) -> list[Shape]:
    """The same shapes elsewhere."""
    return [shape.moved(dx, dy) for shape in shapes]


def cut(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """A text on one line that is at most so wide, ending in an ellipsis where it was longer."""
    shown = printable_line(text)
    if text_width(shown, size, bold=bold) <= width:
        return shown
    low, high = 0, len(shown)
    while low < high:  # the longest beginning that fits
        middle = (low + high + 1) // 2
        fits = text_width(f"{shown[:middle].rstrip()}…", size, bold=bold) <= width
        low, high = (middle, high) if fits else (low, middle - 1)
    return f"{shown[:low].rstrip()}…"


def broken(text: str, width: float, size: float, *, most: int = 9) -> list[str]:
    """A text as lines that are at most so wide, broken between words; the last of `most` is cut."""
    lines: list[str] = []
    words = printable_line(text).split(" ")
    while words:
        many = 1
        while many < len(words) and text_width(" ".join(words[: many + 1]), size) <= width:
            many += 1
        if len(lines) + 1 == most:
            many = len(words)
        lines.append(cut(" ".join(words[:many]), width, size))
        words = words[many:]
    return lines
