"""Why there is no proposal, in words: nothing has the fixed answers, nothing that has them is
inside the budget, or all of that was tried.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from archdsl.amounts import Budget
from archdsl.errors import SearchError

if TYPE_CHECKING:
    from archdsl.study.propose.fixed import Fixed
    from archdsl.study.propose.members import Members

DRAWS = 64
_HALVINGS = 8


def nothing_left(budget: Budget, members: Members, fixed: Fixed) -> SearchError:
    """The refusal of a trial for which nothing is proposed."""
    if not fixed.answers:
        return SearchError("every architecture inside the budget was tried")
    words = fixed.words()
    known = fixed.members(members)
    costs = _drawn(budget, fixed) if known is None else [member.costs for member in known]
    has, found = ("was found that has", "found ") if known is None else ("has", "")
    if not costs:
        return SearchError(
            f"no architecture of the space {has} {words}.  what one answer does not ask cannot be "
            "fixed beside it; leave it out"
        )
    if any(budget.allows(own) for own in costs):
        return SearchError(f"every architecture inside the budget with {words} was tried")
    nearest = min(costs, key=lambda own: budget.excess(own))
    said = ", ".join(f"{nearest[name]:,} {name}" for name in budget)
    return SearchError(
        f"no architecture inside the budget {has} {words}.  the nearest {found}has {said}; "
        "fix other answers, or widen the budget"
    )


def _drawn(budget: Budget, fixed: Fixed) -> list[dict[str, int]]:
    """The costs of some members: inside the budget if any is found there, or ever nearer to it."""
    draws = np.random.default_rng(0)
    found = _some(budget, fixed, draws, 1) or _some(Budget(), fixed, draws, DRAWS)
    if not found:
        return []
    nothing, reach = 0.0, min(budget.excess(own) for own in found)
    for _ in range(_HALVINGS):
        if reach == 0:
            break
        middle = (nothing + reach) / 2
        wider = Budget(
            {
                name: (int(low * (1 - middle)), int(high * (1 + middle)))
                for name, (low, high) in budget.items()
            }
        )
        more = _some(wider, fixed, draws, DRAWS)
        found += more
        nearest = min((budget.excess(own) for own in more), default=reach)
        nothing, reach = (nothing, min(reach, nearest)) if more else (middle, reach)
    return found


def _some(
    budget: Budget, fixed: Fixed, draws: np.random.Generator, count: int
) -> list[dict[str, int]]:
    if not fixed.possible:
        return []
    return [drawn.costs for drawn in fixed.drawing(budget, "stagewise").members(count, draws)]
