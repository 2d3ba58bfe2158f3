"""A page of HTML that needs nothing else and runs nothing but scripts of ours.

Whatever a template is given is escaped on its way into the page; nothing but a drawing of
`archdsl.views.svg` and a script of `archdsl.views.scripts` is taken for markup. Should a text break
out all the same, the page's Content-Security-Policy lets no script run but those, by their hashes,
and nothing be loaded or sent.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archdsl.printable import printable
from archdsl.units import counted, integer, plural, rounded
from archdsl.views.scripts import Script, policy

if TYPE_CHECKING:
    from jinja2 import Environment

PAGE = "page.html.jinja"
"""What a template extends: head, style, and the blocks `title` and `body`."""


def page(
    package: str,
    template: str,
    shown: Mapping[str, Any],
    scripts: Sequence[Script] = (),
    **filters: Callable[..., str],
) -> str:
    """A template of a package, `{% extends "page.html.jinja" %}`, filled.

    It includes what lies beside it, `sections/again.html.jinja`, by its path from there.

    scripts: what it runs, once all of it is read
    filters: what it may write values with, besides `number`, `integer`, `counted`, `plural`
        and `interval`
    """
    environment = _environment_of(package, tuple(filters.items()))
    said = {"scripts": scripts, "policy": policy(scripts)}
    return environment.get_template(template).render({**shown, **said})


def part(template: str, shown: Mapping[str, Any]) -> str:
    """A template of this folder, `card.html.jinja`, filled: for a page that is another's."""
    return _environment().get_template(template).render(shown)


@functools.lru_cache(maxsize=8)
def _environment_of(
    package: str, filters: tuple[tuple[str, Callable[..., str]], ...]
) -> Environment:
    environment = _environment(package)
    environment.filters |= {
        "number": rounded, "integer": integer, "counted": counted, "plural": plural,
        "interval": interval, **dict(filters),
    }  # fmt: skip
    return environment


def _environment(*packages: str) -> Environment:
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=ChoiceLoader(
            [PackageLoader(name, package_path="") for name in (*packages, "archdsl.views")]
        ),
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
