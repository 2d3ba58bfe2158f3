"""What a sampler is compared on: a space, a budget, and a value for every member."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.amounts import Budget

if TYPE_CHECKING:
    from archdsl import Space

Decisions: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Problem:
    """A search without a training.

    budget: cost -> (low, high), both inside
    value: of a member by its decisions, as a search sees it; larger is better
    best: the largest worth inside the budget
    worst: what a search counts as while it has tried nothing inside
    worth: what a member is judged by, where a search sees that only with noise
    """

    name: str
    space: Space
    budget: Budget
    value: Callable[[Decisions], float]
    best: float
    worst: float
    worth: Callable[[Decisions], float] | None = None

    def judged(self, decisions: Decisions) -> float:
        """What a member is worth."""
        return (self.worth or self.value)(decisions)


def chance(*words: Any) -> float:
    """A fixed pseudo-random number in [0, 1) for some words: the same on every machine."""
    text = json.dumps(words, sort_keys=True, default=str)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") / 2.0**64


def key(decisions: Decisions) -> str:
    """A member's decisions as one word."""
    return json.dumps(dict(decisions), sort_keys=True)


def budget_for(costs: Iterable[int], fits: float) -> int:
    """The least upper bound that lets in a share of the members with these costs."""
    ranked = sorted(costs)
    return ranked[max(0, round(fits * len(ranked)) - 1)]


def tabulated(name: str, space: Space, fits: float, value: Callable[[Decisions], float]) -> Problem:
    """A problem on a space that is small enough to be visited whole.

    fits: the share of the members that the budget lets in, in MACs
    """
    costs = {key(one.decisions): space.cost(one).macs for one in space.enumerate()}
    high = budget_for(costs.values(), fits)
    inside = [value(json.loads(k)) for k, macs in costs.items() if macs <= high]
    return Problem(name, space, Budget({"macs": (0, high)}), value, max(inside), min(inside))
