"""A page of HTML that needs nothing else and runs nothing.

Whatever a template is given is escaped on its way into the page; nothing but a drawing of
`archdsl.views.svg` is taken for markup. Should a text break out all the same, the page's
Content-Security-Policy lets no script run and nothing be loaded or sent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from archdsl.printable import printable
from archdsl.units import counted, integer, plural, rounded

if TYPE_CHECKING:
    from jinja2 import Environment, Template

PAGE = "page.html.jinja"
"""What a template extends: head, style, and the blocks `title` and `body`."""


def page(template: str, shown: Mapping[str, Any], **filters: Callable[..., str]) -> str:
    """A template, `{% extends "page.html.jinja" %}`, filled.

    filters: what it may write values with, besides `number`, `integer`, `counted`, `plural`
        and `interval`
    """
    return _compiled(template, tuple(filters.items())).render(shown)


def part(template: str, shown: Mapping[str, Any]) -> str:
    """A template of this folder, `card.html.jinja`, filled: for a page that is another's."""
    return _environment().get_template(template).render(shown)


@functools.lru_cache(maxsize=8)
def _compiled(template: str, filters: tuple[tuple[str, Callable[..., str]], ...]) -> Template:
    environment = _environment()
    environment.filters |= {
        "number": rounded, "integer": integer, "counted": counted, "plural": plural,
        "interval": interval, **dict(filters),
    }  # fmt: skip
    return environment.from_string(template)


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("archdsl.views", package_path=""),
        autoescape=True,
        finalize=_printed,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def interval(ends: tuple[float, float] | None) -> str:
    """From where to where; a dash where that is not known."""
    return "–" if ends is None else f"{rounded(ends[0])} to {rounded(ends[1])}"


def _printed(value: Any) -> Any:
    """A value as text, but for what is markup already."""
    return value if hasattr(value, "__html__") else printable(str(value))
