"""What makes a proxy check the same check: its space, what it trains with, and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.components.options import written
from archdsl.errors import SearchError
from archdsl.study.identity.setup import Cures, flat, setup, usual_settings

if TYPE_CHECKING:
    from archdsl.language.settings import SearchSettings
    from archdsl.spaces import Space
    from archdsl.study.proxy.size import CheckSize

_SETTINGS = ("objectives", "budget", "measure", "seed", "proxy")
"""What of a search's settings a check follows from."""

_MAY_CHANGE = ("proxy.folder", "proxy.data.path")
"""Data may move; what they hold is compared by itself."""

CURES = Cures(
    "go on with archdsl {}, or choose another --out",
    "put it back to go on with that check, or choose another --out",
    "proxy check",
)

_ABSENT: Any = object()


def check_setup(
    space: Space, settings: SearchSettings, own_evaluate: bool, size: CheckSize
) -> dict[str, Any]:
    """What may not change between the starts of a check, as plain values."""
    known = setup(space, settings, own_evaluate)
    known["settings"] = {name: known["settings"][name] for name in _SETTINGS}
    return known | {"check": size.record()}


def refuse_another_check(folder: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise SearchError, naming the first thing that differs, where a check is not the same."""
    usual = usual_settings(new)
    for what, where in (("check", "--"), ("settings", "search."), ("space", ""),
                        ("imports", "imports."), ("evaluate", "")):  # fmt: skip
        olds, news = flat(old[what]), flat(new[what])
        for address in dict.fromkeys((*olds, *news)):
            was, now = olds.get(address, _ABSENT), news.get(address, _ABSENT)
            if (what == "settings" and address in _MAY_CHANGE) or was == now:
                continue
            if what == "settings" and was is _ABSENT and now == usual.get(address, _ABSENT):
                continue  # the version that wrote the record did not have this setting
            shown = address.replace("_options.", ".") or what
            raise SearchError(
                f"{folder} holds a proxy check in which {where}{shown} {_said(was, 'was')}, and "
                f"now it {_said(now, 'is')}.  {CURES.rest}"
            )


def _said(value: Any, verb: str) -> str:
    return f"{verb} not there" if value is _ABSENT else f"{verb} {written(value)}"
