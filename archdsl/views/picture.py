"""A sketch as SVG, for a page or by itself, and as PNG: matplotlib draws all of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl.printable import printable_line
from archdsl.views.ink import INK, as_element, as_svg, styled
from archdsl.views.shapes import Box, Shape, Sketch, Stroke, Words

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LIGHT, DARK = ("#1f2328", "#ffffff"), ("#e6edf3", "#0d1117")
"""Ink and paper of a picture that stands by itself."""

ON_A_FILL = "#16181d"
FAINT = 0.72  # of the ink: at 4.5 : 1 on white it is still read
_THIN, _BAR = 0.35, 0.6
_STRIPE = 5.0
_PIXELS = 144  # to an inch of a PNG: twice its size in points

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "hatch.linewidth": 0.8,
}


def element(sketch: Sketch) -> Markup:
    """The picture as an element of a page: as wide as it is given, in the page's ink.

    It has no id, so that any number of them may stand in one page.
    """
    with _figure(sketch, INK) as figure:
        svg = as_svg(figure)
    # what is said of the file, and a style that would be that of the whole page
    for useless in ("metadata", "defs"):
        svg = re.sub(f" *<{useless}>.*?</{useless}>\n", "", svg, count=1, flags=re.DOTALL)
    svg = svg.replace("<svg", '<svg stroke-linejoin="round"', 1)
    return as_element(svg, sketch.title, _without_name)


def standalone(sketch: Sketch) -> str:
    """The picture as a file of its own, light or dark as its reader's screen is."""
    (ink, paper), (dark_ink, dark_paper) = LIGHT, DARK
    style = (
        f"<style>svg{{color:{ink}}}.paper{{fill:{paper}}}"
        f"@media(prefers-color-scheme:dark){{svg{{color:{dark_ink}}}.paper{{fill:{dark_paper}}}}}"
        "</style>"
    )
    size = f'width="{sketch.width:g}" height="{sketch.height:g}"'
    svg = str(element(sketch)).replace("<svg", f"<svg {size}", 1)
    begin, end, rest = svg.partition(">")
    back = f'<rect class="paper" {size} fill="{paper}"/>'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{begin}{end}\n{style}\n{back}{rest}'


def png(sketch: Sketch) -> bytes:
    """The picture in pixels, dark on white."""
    ink, paper = LIGHT
    buffer = io.BytesIO()
    with _figure(sketch, ink) as figure:
        figure.savefig(
            buffer, format="png", dpi=_PIXELS, facecolor=paper, metadata={"Software": None}
        )
    return buffer.getvalue()


def _without_name(tag: str) -> str:
    """A tag without a name that another picture may have."""
    return re.sub(r' id="[^"]*"', "", tag) if tag.startswith(("<g ", "<svg ")) else tag


@contextmanager
def _figure(sketch: Sketch, ink: str) -> Iterator[Figure]:
    from matplotlib.figure import Figure

    with styled(_STYLE):
        figure = Figure(figsize=(sketch.width / 72, sketch.height / 72))
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set_axis_off()
        axes.set_xlim(0, sketch.width)
        axes.set_ylim(sketch.height, 0)
        for order, shape in enumerate(sketch.shapes):
            _draw(axes, shape, ink, order)
        yield figure


def _draw(axes: Axes, shape: Shape, ink: str, order: int) -> None:
    match shape:
        case Box():
            _draw_box(axes, shape, ink, order)
        case Stroke():
            axes.annotate(
                "", (shape.to_x, shape.to_y), (shape.x, shape.y), zorder=order,
                arrowprops={
                    "arrowstyle": "->" if shape.arrow else "-", "color": ink, "linewidth": 0.9,
                    "alpha": _THIN if shape.faint else None,
                    "shrinkA": 0, "shrinkB": 0, "mutation_scale": 8,
                },
            )  # fmt: skip
        case Words():
            axes.text(
                shape.x, shape.y, printable_line(shape.text), ha=shape.anchor, va="baseline",
                fontsize=shape.size, fontweight="bold" if shape.bold else "normal", zorder=order,
                color=ON_A_FILL if shape.ink == "dark" else ink,
                alpha=FAINT if shape.ink == "quiet" else None,
            )  # fmt: skip


def _draw_box(axes: Axes, box: Box, ink: str, order: int) -> None:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    edge: Any = (ink, _THIN) if box.faint else ink
    fill: Any = (ink, _BAR) if box.fill == "ink" else box.fill or "none"
    axes.add_patch(
        Rectangle(
            (box.x, box.y), box.width, box.height, facecolor=fill, clip_on=False,
            edgecolor=edge if box.outlined else "none", linewidth=0.9, zorder=order,
            linestyle=(0, (3, 2)) if box.dashed else "solid",
        )
    )  # fmt: skip
    for x, y, to_x, to_y in _stripes(box) if box.striped else ():
        line = Line2D([x, to_x], [y, to_y], color=ON_A_FILL, linewidth=0.6, alpha=0.6)
        line.set(zorder=order, clip_on=False)
        axes.add_line(line)


def _stripes(box: Box) -> Iterator[tuple[float, float, float, float]]:
    """Lines at 45 degrees from border to border of a box."""
    left, top, right, bottom = box.bounds
    for step in range(1, int((box.width + box.height) / _STRIPE) + 1):
        along = step * _STRIPE  # of the upper and then the right border, and of the left and lower
        x, y = min(left + along, right), top + max(0.0, along - box.width)
        to_x, to_y = left + max(0.0, along - box.height), min(top + along, bottom)
        yield x, y, to_x, to_y
