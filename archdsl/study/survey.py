"""How large a space is, and how much of it fits the budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from archdsl.progress import Progress
from archdsl.spaces.budget import infeasible
from archdsl.spaces.circuit import TooManyCases
from archdsl.spaces.count import Count
from archdsl.units import counted, percent

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.spaces import Space


@dataclass(frozen=True, slots=True)
class Survey:
    """A space in figures.

    size: members, as distinct records of answers
    fits: members that are certainly inside the budget; most: certainly no more than these
    default: what the default member costs
    """

    size: int
    fits: int
    most: int
    default: dict[str, int]
    default_fits: bool

    @property
    def exact(self) -> bool:
        """Whether the members inside were counted to the last one."""
        return self.fits == self.most

    @property
    def share(self) -> float:
        """The share of all members that is inside, at least."""
        return self.fits / self.size

    def words(self) -> str:
        """`3,750 architectures, 1,204 of them (32 %) inside the budget`."""
        all_ = counted(self.size, "architecture")
        if self.fits == self.size:
            return all_
        count = Count(self.fits, self.most)
        shares = percent(self.share)
        if percent(self.most / self.size) != shares:
            shares += f" to {percent(self.most / self.size)}"
        return f"{all_}, {count.words()} of them ({shares}) inside the budget"

    def record(self) -> dict[str, Any]:
        """The figures as plain values that JSON can hold."""
        return asdict(self)


def from_record(record: Mapping[str, Any]) -> Survey:
    """The survey that `record()` wrote."""
    return Survey(**record)


def survey(space: Space, budget: Budget, progress: Progress) -> Survey:
    """Measure a space against a budget.

    Raises InfeasibleBudget where nothing fits, with the nearest cost that the space has, and
    CountError for a component whose cost is not known exactly.
    """
    default = space.cost(space.default()).totals()
    if not budget:
        return Survey(space.size, space.size, space.size, default, True)
    space.tabulate(progress)
    count = space.count(budget)
    if count.high == 0:
        reach = {name: space.bounds(name) for name in budget}
        raise infeasible(space.spec.document, budget, reach, default, _nearest(space, budget))
    return Survey(space.size, int(count), count.high, default, budget.allows(default))


def _nearest(space: Space, budget: Budget) -> dict[str, int]:
    """By name, the cost next to the budget that a member has while the others are inside."""
    found: dict[str, int] = {}
    try:
        for name in budget:
            cost = space.counting.cost_next_to(name, budget[name], budget.without(name))
            if cost is not None:
                found[name] = cost
    except TooManyCases:
        pass
    return found
