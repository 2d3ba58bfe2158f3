"""How large a proxy check is: architectures, seeds, and epochs of the two schedules."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.printable import shown

MEMBERS, SEEDS = 20, 3
"""A quarter of them are five; with fewer of either the intervals say next to nothing."""

MOST_MEMBERS, MOST_SEEDS, MOST_EPOCHS = 100_000, 1_000, 1_000_000


@dataclass(frozen=True, slots=True)
class CheckSize:
    """members: architectures; seeds: of each, under each schedule; epochs: of the final schedule,
    None with an `evaluate`, which has epochs of its own
    """

    members: int
    seeds: int
    epochs: int | None

    def record(self) -> dict[str, Any]:
        """By the names of the options of the command."""
        return {"members": self.members, "seeds": self.seeds, "final-epochs": self.epochs}


def size(
    settings: SearchSettings, own_evaluate: bool, members: object, seeds: object, epochs: object
) -> CheckSize:
    """The size of a check that is asked for. Raises SearchError.

    epochs: of the final schedule; None for those of `search.final`, else the proxy's
    """
    found = CheckSize(
        _number("members", members, 2, MOST_MEMBERS),
        _number("seeds", seeds, 1, MOST_SEEDS),
        None if epochs is None else _number("final_epochs", epochs, 1, MOST_EPOCHS),
    )
    if not own_evaluate:
        asked = settings.final.epochs if settings.final is not None else None
        return dataclasses.replace(found, epochs=found.epochs or asked or settings.proxy.epochs)
    if found.epochs is not None:
        raise SearchError("final_epochs: an evaluate has epochs of its own.  drop it")
    return found


def _number(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise SearchError(f"{name} is an int from {least} to {most:,}, and not {shown(value)}")
    return value
