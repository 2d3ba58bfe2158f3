"""A chart as SVG that takes its ink from the page around it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archdsl.printable import printable_line
from archdsl.views.chart import BAD, Chart, DotShape, Marks, Reference
from archdsl.views.ink import INK, as_element, as_svg, styled

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes

_LONGEST = 60
"""Characters of a label; three times as many leave a chart no room for its points."""

_MARKERS: dict[DotShape, str] = {
    "circle": "o", "diamond": "D", "square": "s", "triangle": "^", "pentagon": "p", "plus": "P",
}  # fmt: skip

MANY = 1_000
"""Dots of one kind from which on they are small, and those that others cover are left out."""

_CELLS = (100, 40)
"""Across and up, of a chart's area: dots in one such cell cover each other."""

_STYLE: dict[Any, Any] = {
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color",
         "legend.labelcolor"),
        INK,
    ),
}  # fmt: skip


def drawn(chart: Chart) -> Markup:
    """The chart as an element that fills the width that it is given."""
    from matplotlib.figure import Figure

    with styled(_STYLE):
        figure = Figure(figsize=(7, chart.height), layout="constrained")
        _fill(figure.add_subplot(), chart)
        if chart.legend:
            figure.legend(loc="outside upper left", ncols=6, frameon=False, fontsize=9)
        svg = as_svg(figure)
    return as_element(svg, chart.title)


def _fill(axes: Axes, chart: Chart) -> None:
    for band in chart.bands:
        axes.fill_between(
            band.x, band.low, band.high, step="post" if band.stepped else None, color=band.colour,
            alpha=0.2, linewidth=0, label=_label(band.label) or None,
        )  # fmt: skip
    for marks in chart.marks:
        _draw(axes, marks)
    for limit in chart.limits:
        _draw_limit(axes, limit)
    if (write := chart.x_text) is not None:
        axes.xaxis.set_major_formatter(lambda value, _: _label(write(value)))
    if chart.y_names:
        axes.set_yticks(range(len(chart.y_names)), list(map(_label, chart.y_names)))
    if chart.y_range != (None, None):
        axes.set_ylim(*chart.y_range)
    axes.set_xlabel(_label(chart.x_label))
    if chart.y_label:
        axes.set_ylabel(_label(chart.y_label))


def _draw(axes: Axes, marks: Marks) -> None:
    x, y, colour = marks.x, marks.y, marks.colour
    label = _label(marks.label) or None
    match marks.form:
        case "dots":
            form, size = _MARKERS[marks.shape], 5 if len(x) <= MANY else 3
            seen = _seen(x, y)
            # markers of one line are the same element again and again; a scatter repeats the style
            axes.plot(
                [x[place] for place in seen], [y[place] for place in seen], form, color=colour,
                label=label, zorder=3, markersize=size, markeredgewidth=0,
            )  # fmt: skip
        case "dot":
            axes.plot(x, y, "o", color=colour, label=label)
        case "ring":
            axes.scatter(
                x, y, s=120, facecolors="none", edgecolors=colour, linewidths=2, label=label,
                zorder=4,
            )  # fmt: skip
        case "crosses":
            foot = axes.get_xaxis_transform()
            axes.scatter(x, y, marker="x", color=colour, label=label, transform=foot)
        case "steps":
            axes.step(x, y, where="post", color=colour, label=label)
        case "line":
            axes.plot(x, y, color=colour, linewidth=1, label=label)
        case "dashes":
            axes.plot(x, y, color=colour, linewidth=1, linestyle="--", label=label)
        case "interval":
            axes.plot(x, y, color=colour, linewidth=2, label=label)


def _seen(x: Sequence[float], y: Sequence[float]) -> list[int]:
    """The places of dots that would be seen: of many in one cell, the last that is drawn."""
    if len(x) <= MANY:
        return list(range(len(x)))
    across, up = (_cells(values, many) for values, many in zip((x, y), _CELLS, strict=True))
    return sorted({cell: place for place, cell in enumerate(zip(across, up, strict=True))}.values())


def _cells(values: Sequence[float], many: int) -> list[int]:
    finite = [value for value in values if math.isfinite(value)]
    low, high = min(finite, default=0.0), max(finite, default=0.0)
    size = (
        high / many - low / many or 1.0
    )  # the difference of the ends may be too large for a float
    return [int(value / size - low / size) if math.isfinite(value) else -1 for value in values]


def _draw_limit(axes: Axes, limit: Reference) -> None:
    axes.axvline(limit.x, color=BAD, linestyle="--", linewidth=1)
    axes.annotate(
        _label(limit.text), (limit.x, 0.02), xycoords=("data", "axes fraction"),
        rotation=90, ha="right", va="bottom", fontsize=9, in_layout=False,
    )  # fmt: skip


def _label(text: str) -> str:
    """A text as it stands in a drawing: on one line, and not longer than there is room."""
    shown = printable_line(text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
