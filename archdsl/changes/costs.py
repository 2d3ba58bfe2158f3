"""What stem, stages and head of two networks cost, beside each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from archdsl.amounts import bounded
from archdsl.cost import Cost, by_place

TOTAL = "total"


@dataclass(frozen=True, slots=True)
class CostChange:
    """What a part of two networks costs, by name of the cost; 0 where it is not there.

    place: `stem`, `stages.2`, `head`, or `total`
    """

    place: str
    before: Mapping[str, int]
    after: Mapping[str, int]

    def record(self) -> dict[str, object]:
        """The same for programs."""
        costs = {
            name: {
                "before": self.before[name],
                "after": self.after[name],
                "difference": self.after[name] - self.before[name],
            }
            for name in self.before
        }
        return {"place": self.place, **costs}


def cost_changes(a: Cost, b: Cost) -> tuple[CostChange, ...]:
    """The parts of two networks in the order of the forward pass, and at last the totals."""
    nothing = dict.fromkeys(bounded(), 0)
    here, there = dict(by_place(a.by_address)), dict(by_place(b.by_address))
    found = [
        CostChange(place, _bounded(here.get(place, nothing)), _bounded(there.get(place, nothing)))
        for place in sorted({*here, *there}, key=_order)
    ]
    return (*found, CostChange(TOTAL, _bounded(a.totals()), _bounded(b.totals())))


def _bounded(amounts: Mapping[str, int]) -> dict[str, int]:
    return {name: amounts[name] for name in bounded()}


def _order(place: str) -> tuple[int, int]:
    first, _, number = place.partition(".")
    return ("stem", "class_token", "stages", "head").index(first), int(number or 0)
