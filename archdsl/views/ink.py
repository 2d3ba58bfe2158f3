"""What matplotlib draws as an element of a page, in the page's own ink.

Its words are escaped: this, our scripts and a page's template are all that makes markup.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl.printable import printable_line

if TYPE_CHECKING:
    from markupsafe import Markup
    from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the page's own text colour, which matplotlib cannot name."""

_TEXT: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it scales, it can be searched, it is small
    "svg.hashsalt": "archdsl",  # the same record gives the same bytes
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
}


@contextmanager
def styled(style: Mapping[str, Any]) -> Iterator[None]:
    """matplotlib's own defaults and this style, whatever this user's matplotlibrc says."""
    import matplotlib.style

    with matplotlib.style.context(["default", {**_TEXT, **style}]), warnings.catch_warnings():
        # text stays text: who looks at it may well have the letters that matplotlib's font lacks
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        yield


def as_svg(figure: Figure) -> str:
    """A figure from its first tag on, without a size: that is the page's affair."""
    buffer = io.StringIO()
    nothing: dict[str, Any] = {"Date": None, "Creator": None}
    figure.savefig(buffer, format="svg", transparent=True, metadata=nothing)
    svg = buffer.getvalue()
    return re.sub(r' (?:width|height)="[\d.]+pt"', "", svg[svg.index("<svg") :], count=2)


def as_element(svg: str, title: str, edited: Callable[[str], str] = lambda tag: tag) -> Markup:
    """A drawing that says to who cannot see it what it shows, with the page's ink in its tags.

    edited: what else becomes of a tag
    """
    from markupsafe import Markup, escape

    # in tags alone: between them stand names
    svg = re.sub("<[^>]*>", lambda tag: edited(tag[0]).replace(INK, "currentColor"), svg)
    label = escape(printable_line(title))
    return Markup(svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1))
