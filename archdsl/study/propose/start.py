"""Where a search starts: the default, or the member inside the budget that is next to it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.language.holes import equal
from archdsl.study.propose.fixed import Fixed
from archdsl.study.propose.members import Members

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.spaces import Space
    from archdsl.specification import Spec

_CHANGED = 1e-6
"""What another answer than the default weighs: each change more is a million times rarer."""

_DRAWS = 64


def nearest_to_default(
    space: Space, budget: Budget, members: Members, fixed: Fixed | None = None
) -> Spec | None:
    """The default if it is inside the budget, else a member inside that changes fewest decisions.

    fixed: answers that the member is to have
    None where nothing is inside.
    """
    fixed = fixed or Fixed(space)
    if not fixed.possible:
        return None
    default = fixed.nearest_to_default()
    if fixed.has(default.decisions) and budget.allows(space.cost(default)):
        return default
    everyone = members.inside(budget)
    if everyone is not None:
        having = [member for member in everyone if fixed.has(member.decisions)]
        best = min(having, key=lambda m: _changes(space, m.decisions), default=None)
        return None if best is None else space.member(best.decisions)
    weights = {}
    for address, hole in space.decisions.items():
        own = space.default_answer(hole)
        weights[address] = {
            answer: 1.0 if equal(answer, own) else _CHANGED for answer in hole.answers
        }
    drawing = fixed.drawing(budget, weights=weights)
    drawn = list(drawing.members(_DRAWS, np.random.default_rng(0)))
    nearest = min(drawn, key=lambda one: _changes(space, one.decisions), default=None)
    return None if nearest is None else space.of(nearest.decisions)


def _changes(space: Space, decisions: Mapping[str, Any]) -> int:
    known = space.decisions
    return sum(
        not equal(answer, space.default_answer(known[address]))
        for address, answer in decisions.items()
    )
