"""What a chart shows, before it is drawn: points, lines and limits as plain numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MarkForm: TypeAlias = Literal[
    "dots", "dot", "ring", "crosses", "steps", "line", "dashes", "interval"
]
"""Crosses stand at the foot of a chart, wherever its y axis begins."""

DotShape: TypeAlias = Literal["circle", "diamond", "square", "triangle", "pentagon", "plus"]

GOOD, BAD, QUIET = "#2f9e57", "#d64545", "#8a8f98"


@dataclass(frozen=True, slots=True)
class Marks:
    """Points of one kind, in the order in which they are drawn.

    colour: as CSS writes it; label: what the legend calls them, if it does
    shape: of dots, so that colour alone tells nothing
    """

    form: MarkForm
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    label: str = ""
    shape: DotShape = "circle"


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of x that is a limit, and what is written along it."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """From where to where something may be. stepped: or else in straight lines"""

    x: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]
    colour: str
    label: str = ""
    stepped: bool = True


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart.

    title: what it shows, for who cannot see it; height: in inches, of 7 across
    legend: whether it says what the colours are
    y_range: (bottom, top), each None where the points decide
    y_names: what stands at 0, 1, ... of a y axis that is no scale
    x_text: how a value of x is written
    """

    title: str
    marks: Sequence[Marks]
    x_label: str
    y_label: str = ""
    height: float = 3.4
    legend: bool = False
    limits: Sequence[Reference] = ()
    bands: Sequence[Band] = ()
    y_range: tuple[float | None, float | None] = (None, None)
    y_names: Sequence[str] = ()
    x_text: Callable[[float], str] | None = field(default=None, compare=False)
