"""A search problem of 10^27 members whose optimum inside a tight budget is known.

    python -m benchmarks.analytic   # draws the optima anew

A member x* is drawn at random among those of the smallest 0.1 % in MACs, and its cost is the
budget. The utility of a member d is

    u(d) = mean over pairs (a, b) of decisions of  t_ab(d_a, d_b)  +  SLOPE * (macs(d) / budget - 1)

where t is 1 for x*'s answers to both and at most 0.9 for all others. So no member inside the
budget is better than x*: none has a larger first term and none has a larger second. It is not easy
to find. Larger members are better, and all that are better than x* are outside. And t is
`0.4 * (f_a + f_b) + 0.1 * g_ab` but for x*, with pseudo-random f, g in [0, 1): in every second
pair x*'s answers have a low f each, so that they look bad until both are right. A decision that a
member does not take has an answer of its own, none. The optima are kept in `analytic.json`, so
that the problem is the same whatever draws them.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from archdsl.amounts import Budget
from benchmarks.problem import Decisions, Problem, chance

SPACE = Path(__file__).with_name("analytic.yaml")
OPTIMA = Path(__file__).with_name("analytic.json")
SLOPE = 0.2
FITS = 1e-3

DECOY = 0.3
"""What an answer of x* is worth alone in a pair where it looks bad."""


@cache
def analytic(number: int = 0) -> Problem:
    """The problem with this number: each has another optimum, budget and utility."""
    import archdsl

    space = archdsl.space(SPACE)
    draws = np.random.default_rng(number)
    optimum = json.loads(OPTIMA.read_text(encoding="utf-8"))[number]
    budget = space.cost(space.member(optimum)).macs
    addresses = list(space.decisions)
    order = [addresses[i] for i in draws.permutation(len(addresses))]
    pairs = list(zip(order[::2], order[1::2], strict=False))
    looks_bad = {address: i % 2 == 0 for i, pair in enumerate(pairs) for address in pair}

    @cache
    def alone(address: str, answer: Any) -> float:
        if answer == optimum.get(address):
            return DECOY if looks_bad[address] else 1.0
        return chance(number, address, answer)

    @cache
    def together(pair: tuple[str, str], one: Any, other: Any) -> float:
        a, b = pair
        if one == optimum.get(a) and other == optimum.get(b):
            return 1.0
        return 0.4 * (alone(a, one) + alone(b, other)) + 0.1 * chance(number, a, one, b, other)

    def value(decisions: Decisions) -> float:
        fit = sum(together((a, b), decisions.get(a), decisions.get(b)) for a, b in pairs)
        cost = space.cost(space.of(dict(decisions))).macs
        return fit / len(pairs) + SLOPE * (cost / budget - 1)

    return Problem(f"analytic-{number}", space, Budget({"macs": (0, budget)}), value, 1.0, 0.0)


def _optimum(number: int) -> dict[str, Any]:
    """A random member among those of the smallest 0.1 %, in the upper 2 % of their costs."""
    import archdsl

    space = archdsl.space(SPACE)
    macs = [drawn.costs["macs"] for drawn in space.draws(20_000, seed=number)]
    limit = int(np.quantile(macs, FITS))
    (optimum,) = space.draws(1, {"macs": (int(0.98 * limit), limit)}, seed=number)
    return dict(space.of(optimum.decisions).decisions)


if __name__ == "__main__":
    optima = [_optimum(number) for number in range(10)]
    OPTIMA.write_text(json.dumps(optima, indent=0) + "\n", encoding="utf-8")
