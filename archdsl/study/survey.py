"""How large a space is, and how much of it fits the budget: counted, or estimated and so named."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from archdsl.spaces.budget import Budget, Costs, infeasible, inside, violation
from archdsl.study.descent import descend
from archdsl.study.factored import counted
from archdsl.study.intervals import wilson
from archdsl.study.members import Members, Progress, totals
from archdsl.study.seeds import generator

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.spec.holes import Hole
    from archdsl.specification import Spec

SAMPLES = 1_000
"""Random members that an estimate rests on."""


@dataclass(frozen=True, slots=True)
class Survey:
    """A space in figures.

    size: members, as distinct records of answers
    fits: members inside the budget, or None where they were not counted
    share: of the members that is inside the budget; low, high: its 95 % interval
    sampled: random members that the estimate rests on; 0 for a count
    default: what the default member costs
    """

    size: int
    fits: int | None
    share: float
    low: float
    high: float
    sampled: int
    default: dict[str, int]
    default_fits: bool

    @property
    def exact(self) -> bool:
        """Whether the share was counted, not estimated."""
        return self.sampled == 0

    def words(self) -> str:
        """`3,750 architectures, 1,204 of them (32 %) inside the budget`."""
        all_ = f"{self.size:,} architecture{'s' if self.size != 1 else ''}"
        if self.fits == self.size:
            return all_
        if self.exact:
            return f"{all_}, {self.fits:,} of them ({percent(self.share)}) inside the budget"
        return (
            f"{all_}, about {percent(self.share)} inside the budget (estimated from "
            f"{self.sampled:,} random ones; 95 % interval {percent(self.low)} "
            f"to {percent(self.high)})"
        )

    def record(self) -> dict[str, Any]:
        """The figures as plain values that JSON can hold."""
        return asdict(self)


def from_record(record: Mapping[str, Any]) -> Survey:
    """The survey that `record()` wrote."""
    return Survey(**record)


def percent(share: float) -> str:
    """A share as people write it: 32 %, 4.1 %, 0.03 %."""
    if share in (0.0, 1.0):
        return f"{share * 100:.0f} %"
    digits = max(0, 1 - math.floor(math.log10(min(share, 1 - share) * 100)))
    text = f"{share * 100:.{min(digits, 4)}f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + " %"


def survey(space: Space, budget: Budget, members: Members, seed: int, progress: Progress) -> Survey:
    """Measure a space against a budget.

    Raises InfeasibleBudget where nothing fits, with the smallest cost that the space reaches.
    """
    default = totals(space.cost(space.default()))
    if not budget:
        return Survey(space.size, space.size, 1.0, 1.0, 1.0, 0, default, True)
    default_fits = inside(default, budget)
    known = counted(space, budget, progress)
    if known is None and (everyone := members.all()) is not None:
        known = Counter(tuple(member.costs[name] for name in budget) for member in everyone)
    if known is None:
        return _estimate(space, budget, default, default_fits, seed, progress)
    fits = sum(
        ways
        for costs, ways in known.items()
        if inside(dict(zip(budget, costs, strict=True)), budget)
    )
    if fits == 0:
        columns = zip(budget, zip(*known, strict=True), strict=True)
        reach = {name: (min(costs), max(costs)) for name, costs in columns}
        raise infeasible(space, budget, reach, default, None)
    share = fits / space.size
    return Survey(space.size, fits, share, share, share, 0, default, default_fits)


def _estimate(
    space: Space,
    budget: Budget,
    default: Costs,
    default_fits: bool,
    seed: int,
    progress: Progress,
) -> Survey:
    draws = generator(seed, "survey")
    logs: list[float] = []
    insides: list[bool] = []
    nearest, least = space.default(), violation(default, budget)
    for done in range(1, SAMPLES + 1):
        spec, log_weight = weighted_draw(space, draws)
        costs = totals(space.cost(spec))
        logs.append(log_weight)
        insides.append(inside(costs, budget))
        if violation(costs, budget) < least:
            nearest, least = spec, violation(costs, budget)
        progress(done, SAMPLES)
    if least > 0:
        _refuse_what_descent_cannot_reach(space, budget, default, nearest)
    share, effective = _weighted_share(logs, insides)
    low, high = wilson(share, effective)
    return Survey(space.size, None, share, low, high, SAMPLES, dict(default), default_fits)


def weighted_draw(space: Space, draws: random.Random) -> tuple[Spec, float]:
    """A member with every decision uniform in its turn, and the log of its weight.

    Members that ask more questions are drawn too rarely that way; weighted by one over the
    probability of the draw, every member counts alike.
    """
    log_weight = 0.0

    def ask(address: str, hole: Hole) -> object:
        nonlocal log_weight
        answers = hole.answers
        log_weight += math.log(len(answers))
        return draws.choice(answers)

    return space.resolve(ask), log_weight


def _weighted_share(logs: list[float], insides: list[bool]) -> tuple[float, float]:
    """The share of all members that is inside, and the effective number of draws (Kish, 1965)."""
    top = max(logs)
    weights = [math.exp(log - top) for log in logs]
    total = math.fsum(weights)
    if all(insides) or not any(insides):
        share = 1.0 if insides[0] else 0.0
    else:
        share = math.fsum(w for w, fits in zip(weights, insides, strict=True) if fits) / total
    return share, total**2 / math.fsum(w * w for w in weights)


def _negative(name: str, costs: Costs) -> float:
    return -costs[name]


def _refuse_what_descent_cannot_reach(
    space: Space, budget: Budget, default: Costs, nearest: Spec
) -> None:
    """Raise InfeasibleBudget unless some way down from a known member leads inside."""
    visited = SAMPLES
    for start in (nearest, space.default()):
        found = descend(space, start, lambda costs: violation(costs, budget))
        visited += found.visited
        if found.score == 0:
            return
    reach = {}
    for name in budget:
        smallest = descend(space, nearest, itemgetter(name))
        largest = descend(space, nearest, partial(_negative, name))
        visited += smallest.visited + largest.visited
        reach[name] = (smallest.costs[name], largest.costs[name])
    raise infeasible(space, budget, reach, default, visited)
