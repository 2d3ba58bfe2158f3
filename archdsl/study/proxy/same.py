"""What makes a proxy check the same check: its space, what it trains with, and how large it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.study.identity.setup import SECTIONS, Cures, change, setup

if TYPE_CHECKING:
    from archdsl.language.settings import SearchSettings
    from archdsl.spaces import Space
    from archdsl.study.proxy.size import CheckSize

_SETTINGS = ("objectives", "budget", "measure", "seed", "proxy")
"""What of a search's settings a check follows from."""

CURES = Cures(
    "go on with archdsl {}, or choose another --out",
    "put it back to go on with that check, or choose another --out",
    "proxy check",
)


def check_setup(
    space: Space, settings: SearchSettings, own_evaluate: bool, size: CheckSize
) -> dict[str, Any]:
    """What may not change between the starts of a check, as plain values."""
    known = setup(space, settings, own_evaluate)
    known["settings"] = {name: known["settings"][name] for name in _SETTINGS}
    return known | {"check": size.record()}


def refuse_another_check(folder: Path, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Raise SearchError, naming the first thing that differs, where a check is not the same."""
    said = change(old, new, (("check", "--"), *SECTIONS, ("evaluate", "")))
    if said is not None:
        raise SearchError(f"{folder} holds a {CURES.held} in which {said}.  {CURES.rest}")
