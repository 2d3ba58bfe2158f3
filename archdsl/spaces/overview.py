"""A space in figures: its costs, their histogram, and what a budget does to each decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.amounts import Budget, maximal
from archdsl.language.holes import Answer, Hole
from archdsl.spaces.circuit.circuit import Circuit, Weights, unshared, weighted
from archdsl.spaces.histogram.grid import Grid
from archdsl.spaces.histogram.inside import Histograms
from archdsl.spaces.histogram.shares import AnswerWeights, Weighed
from archdsl.spaces.histogram.sparse import TooLarge
from archdsl.spaces.members import CircuitMembers

if TYPE_CHECKING:
    from archdsl.spaces.arguments import Measure
    from archdsl.spaces.space import Space

EFFORT = 20_000_000
"""Sums that histograms of exact costs may form; what the rest of a member is takes twice as much
again. On metaformer_224 below 2 G MACs ten times as many take 2.4 s instead of 0.6, a tenth 0.6,
and costs are rounded in each case."""

_FINE = 1 << 10
"""Cells of rounded costs. On metaformer_224 shares are within 0.002 of those of 2**14 cells with
one limit and within 0.01 with two; those take 9 s instead of 0.7, and 32 instead of 5."""

_BINS = 16
_CELLS = 1 << 12
"""Of rounded costs, for the histogram of all members. On metaformer_224 no bin is more than 0.0004
from what eight times as many give, in 1 s instead of 0.3, and 0.003 from what an eighth gives."""


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
        space and inside the budget
    possible: whether any member inside the budget can have it
    exact: whether these are so by the costs of all members, or by rounded ones
    """

    address: str
    answer: Any
    before: float
    after: float
    possible: bool
    exact: bool


def histogram(space: Space, name: str = "macs") -> list[Bin]:
    """How the cost `name` ("macs" or "params") is spread over all members of a space.

    Raises TooManyCases.
    """
    counting = space.counting
    low, high = counting.bounds(name)
    if low == high:
        return [Bin(low, high + 1, 1.0)]
    grid = counting.resolution.rounded(Budget({name: (0, high)}), (name,), _CELLS)
    found = Histograms(counting.circuit, grid).spread()
    middle = (found.low[:, 0] + found.high[:, 0]) / 2
    edges = np.linspace(low, high + 1, _BINS + 1)
    sums, _ = np.histogram(np.clip(middle, low, high), edges, weights=found.kept)
    shares = sums / sums.sum()
    bounds = [round(edge) for edge in edges]
    pairs = zip(bounds, bounds[1:], shares, strict=False)
    return [Bin(begin, end, float(share)) for begin, end, share in pairs]


def effects(space: Space, budget: Budget, measure: Measure = "uniform") -> list[Effect]:
    """What a budget does to every answer of every decision, in the order of the decisions.

    measure: what the shares are of: all members alike, or as a random draw weighs them. Raises
    TooManyCases.
    """
    counting = space.counting
    weights = Weights(space.per_answer if measure == "stagewise" else None)
    everything = unshared(counting.circuit)
    before = AnswerWeights(Histograms(weighted(everything, weights), Grid((), (), ())), Budget())
    after, exact = _inside(counting, weighted(everything, weights), budget)
    found = []
    for address, hole in space.decisions.items():
        for answer in hole.answers:
            own, share = _share(before, hole, address, answer), _share(after, hole, address, answer)
            found.append(Effect(address, answer, own, share, share > 0, exact))
    return found


def _inside(members: CircuitMembers, circuit: Circuit, budget: Budget) -> tuple[Weighed, bool]:
    """The weight inside a budget by answer, and whether no cost was rounded for it.

    Of a maximal cost with a lower bound: those with no layer over the upper one, less those with
    none that reaches the lower.
    """
    limits = members.capped(budget)
    for name in maximal():
        low, high = limits.get(name, (0, 0))
        if low > 0:
            most, exact = _inside(members, circuit, limits.replaced(name, 0, high))
            less, too = _inside(members, circuit, limits.replaced(name, 0, low - 1))
            return most.less(less), exact and too
    chosen = members.names(limits)
    left = circuit.within(limits)
    grid = members.exact_soon(limits, EFFORT)
    if grid is not None:
        try:
            return AnswerWeights(members.histograms(left, grid, limits, EFFORT), limits), True
        except TooLarge:
            pass
    cells = members.resolution.fine(limits, chosen, _FINE)
    rounded = members.resolution.rounded(limits, chosen, cells)
    return AnswerWeights(members.histograms(left, rounded, limits), limits), False


def _share(found: Weighed, hole: Hole, address: str, answer: Answer) -> float:
    """The share of an answer among the members that take the decision."""
    every = sum(found.weight(address, one) for one in hole.answers)
    return found.weight(address, answer) / every if every else 0.0
