"""Problems on a shipped space with a made-up value, for work on the samplers; quick to make."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from benchmarks.problem import Decisions, Problem, chance, tabulated


@cache
def synthetic(spec: str, fits: float, number: int = 0) -> Problem:
    """An additive value, interactions of neighbouring decisions, and a member's own chance.

    fits: the share of the members that the budget lets in
    """
    import archdsl

    space = archdsl.space(spec)
    addresses = list(space.decisions)
    neighbours = list(pairwise(addresses))

    def value(decisions: Decisions) -> float:
        alone = [chance(number, a, decisions[a]) for a in addresses if a in decisions]
        both = [chance(number, a, decisions.get(a), b, decisions.get(b)) for a, b in neighbours]
        own = chance(number, sorted(decisions.items()))
        return 0.6 * sum(alone) / len(alone) + 0.3 * sum(both) / len(both) + 0.1 * own

    return tabulated(f"{spec}-{fits:g}-{number}", space, fits, value)
