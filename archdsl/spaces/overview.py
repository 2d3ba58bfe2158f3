"""A space in figures: its costs, their histogram, and what a budget does to each decision."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.amounts import names
from archdsl.spaces.circuit.algebras import interval
from archdsl.spaces.circuit.weights import Weights, weighted
from archdsl.spaces.histogram.inside import Histograms

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.spaces.space import Space

DRAWS = 2_000
"""Members that the shares of answers are estimated from."""

_BINS = 16
_CELLS = 1 << 12


@dataclass(frozen=True, slots=True)
class Bin:
    """Members whose cost is from `low` to below `high`. share: of all members."""

    low: int
    high: int
    share: float


@dataclass(frozen=True, slots=True)
class Effect:
    """What a budget does to one answer of a decision.

    before, after: the answer's share among the members that take the decision, in the whole
        space and inside the budget, estimated from `DRAWS` members each
    possible: whether any member inside the budget can have it, by its smallest cost; exact
    """

    address: str
    answer: Any
    before: float
    after: float
    possible: bool


def histogram(space: Space, name: str = "macs") -> list[Bin]:
    """How the cost `name` ("macs" or "params") is spread over all members of a space.

    Raises TooManyCases.
    """
    counting = space.counting
    low, high = counting.bounds(name)
    if low == high:
        return [Bin(low, high + 1, 1.0)]
    grid = counting.resolution.rounded({name: (0, high)}, (name,), _CELLS)
    found = Histograms(counting.circuit, grid).spread()
    middle = (found.low[:, 0] + found.high[:, 0]) / 2
    edges = np.linspace(low, high + 1, _BINS + 1)
    sums, _ = np.histogram(np.clip(middle, low, high), edges, weights=found.kept)
    shares = sums / sums.sum()
    bounds = [round(edge) for edge in edges]
    pairs = zip(bounds, bounds[1:], shares, strict=False)
    return [Bin(begin, end, float(share)) for begin, end, share in pairs]


def effects(space: Space, budget: Budget) -> list[Effect]:
    """What a budget does to every answer of every decision, in the order of the decisions."""
    before = _shares(one.decisions for one in space.draws(DRAWS))
    after = _shares(one.decisions for one in space.draws(DRAWS, budget, seed=1))
    found = []
    for address, hole in space.decisions.items():
        for answer in hole.answers:
            share = after.get(address, {}).get(answer, 0.0)
            possible = share > 0 or _possible(space, address, answer, budget)
            own = before.get(address, {}).get(answer, 0.0)
            found.append(Effect(address, answer, own, share, possible))
    return found


def _shares(members: Iterable[dict[str, Any]]) -> dict[str, dict[Any, float]]:
    counts: dict[str, Counter[Any]] = {}
    for decisions in members:
        for address, answer in decisions.items():
            counts.setdefault(address, Counter())[answer] += 1
    return {
        address: {answer: count / its.total() for answer, count in its.items()}
        for address, its in counts.items()
    }


def _possible(space: Space, address: str, answer: Any, budget: Budget) -> bool:
    """Whether no single cost keeps out every member with this answer."""
    weights = Weights(by_address={address: {answer: 1.0}})
    reach = interval(weighted(space.counting.within(budget), weights))
    if reach is None:
        return False
    return all(
        reach[0][names().index(name)] <= high and reach[1][names().index(name)] >= low
        for name, (low, high) in budget.items()
    )
