"""What drivers of one study have in common while they are at it, and may change one after another.

Which trials and trainings there are to be: a driver that asks for fewer begins the final round
while another still proposes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from archdsl.components.options import written
from archdsl.errors import SearchError
from archdsl.study.identity.setup import flat

SETTINGS = ("trials", "disk", "final", "baselines")
"""What of the settings it is, each with all that is below it."""


def refuse_another_course(
    drivers: Sequence[str], theirs: Mapping[str, Any], ours: Mapping[str, Any]
) -> None:
    """Raise SearchError, with both values, where this driver would do other trainings than others.

    drivers: the others, in words; theirs, ours: setups, as the record has them
    """
    said = another_course(theirs, ours) if drivers else None
    if said is not None:
        more = f" and {len(drivers) - 1} more" if len(drivers) > 1 else ""
        raise SearchError(
            f"{said}.  {drivers[0]}{more} is at this study with the first: write the same "
            "everywhere, or end the others before; one that was killed counts for a lease"
        )


def another_course(theirs: Mapping[str, Any], ours: Mapping[str, Any]) -> str | None:
    """The first thing that differs of it, as in `search.trials is 6 there, and 12 here`."""
    there, here = flat(theirs["settings"]), flat(ours["settings"])
    for address in dict.fromkeys((*there, *here)):
        if address.partition(".")[0] in SETTINGS and there.get(address) != here.get(address):
            was, now = (_said(address, settings) for settings in (there, here))
            return f"search.{address} is {was} there, and {now} here"
    return None


def _said(address: str, settings: Mapping[str, Any]) -> str:
    return written(settings[address]) if address in settings else "absent"
