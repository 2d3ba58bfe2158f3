"""The hull of all members' costs: what one cost is at least while others are inside limits.

A bound of a member follows from any prices: what it comes to is no less than what the cheapest
member does, and of that its other costs take no more than their limits allow. The best prices
for two costs are the normal of an edge of the hull, found by walking along its corners in
integers. For more costs they are the duals of a linear program over the corners found so far,
which floating point may give roughly: rounded to integers, they are prices as good as any, and
what the bound is by them is an integer again.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from typing import TypeAlias

import numpy as np

from archdsl.amounts import Budget
from archdsl.spaces.circuit.algebras import Costs, cheapest
from archdsl.spaces.circuit.circuit import Circuit

Prices: TypeAlias = "dict[str, int]"
"""Cost -> price."""

_DIGITS = 40
"""Binary digits of a price that a linear program found: those of floating point less what the
program loses; more would say nothing. With three kinds of cost, on digits, ten times as many make
the program fail where nothing is inside, and with a tenth that is not proven any more."""

_ROUNDS = 200
"""Corners that are looked for: each round gives a better bound, or is the last. With three
kinds of cost on digits nine are needed; twenty and 2,000 give the same, three a bound 5 % off."""


def least_within(
    circuit: Circuit, name: str, sign: int, limits: Budget
) -> tuple[int, Prices] | None:
    """What a cost times sign, 1 or -1, is at least, while others are inside their limits.

    A bound: the hull of all members' costs is looked at, whose corners alone are members. Given
    with the prices that say so. None where the hull has nothing inside.
    """
    if circuit.empty:
        return None
    others = [other for other in limits if other != name]
    if not others:
        found = cheapest(circuit, [name], [sign])
        assert found is not None
        return sign * found[0], {name: sign}
    if len(others) == 1:
        return _by_edges(circuit, name, sign, others[0], limits[others[0]])
    return _by_duals(circuit, name, sign, limits.only(others))


def _by_edges(
    circuit: Circuit, name: str, sign: int, other: str, limits: tuple[int, int]
) -> tuple[int, Prices] | None:
    """In a plane, along the edges of the hull."""

    def corner(own: int, its: int) -> tuple[int, int]:
        found = cheapest(circuit, [name, other], [own * sign, its])
        assert found is not None, "a member weighs something, whatever the price"
        return sign * found[0], found[1]

    first = corner(1, 0)
    for turn, limit in ((1, limits[0]), (-1, -limits[1])):
        here = first[0], turn * first[1]
        if here[1] >= limit:
            continue
        there = corner(0, -turn)
        there = there[0], turn * there[1]
        if there[1] < limit:
            return None
        while True:  # from a corner outside and one inside to the edge of the hull between them
            rise, run = there[0] - here[0], there[1] - here[1]
            between = corner(run, -turn * rise)
            between = between[0], turn * between[1]
            if run * between[0] - rise * between[1] >= run * here[0] - rise * here[1]:
                bound = here[0] + rise * (limit - here[1]) // run
                return bound, {name: run * sign, other: -turn * rise}
            here, there = (here, between) if between[1] >= limit else (between, there)
    return first[0], {name: sign, other: 0}


def _by_duals(circuit: Circuit, name: str, sign: int, limits: Budget) -> tuple[int, Prices] | None:
    """In any number of dimensions, by a linear program over ever more corners."""
    chosen = [name, *limits]
    alone = [sign, *[0] * len(limits)]
    corners: list[Costs] = []
    best = _corner(circuit, chosen, alone, corners), dict(zip(chosen, alone, strict=True))
    for index in range(len(chosen)):
        for way in (1, -1):
            _corner(circuit, chosen, [way * (one == index) for one in range(len(chosen))], corners)
    for _ in range(_ROUNDS):
        prices = _duals(corners, sign, list(limits.values()))
        known = len(corners)
        least = _corner(circuit, chosen, prices, corners)
        bound = _bound(prices, least, sign, list(limits.values()))
        if bound is None:
            return None
        if bound > best[0]:
            best = bound, dict(zip(chosen, prices, strict=True))
        if len(corners) == known:
            break
    return best


def _corner(
    circuit: Circuit, chosen: Sequence[str], prices: Sequence[int], corners: list[Costs]
) -> int:
    """What the cheapest member comes to, which is put to the corners."""
    found = cheapest(circuit, chosen, prices)
    assert found is not None
    if found not in corners:
        corners.append(found)
    return sum(price * cost for price, cost in zip(prices, found, strict=True))


def _bound(
    prices: Sequence[int], least: int, sign: int, limits: Sequence[tuple[int, int]]
) -> int | None:
    """What the first cost times sign is at least by prices; None if there is no member at all."""
    own, *its = prices
    spent = sum(max(p * low, p * high) for p, (low, high) in zip(its, limits, strict=True))
    if own == 0:
        return None if least > spent else -(1 << 80)
    return -((spent - least) // (own * sign))


def _duals(
    corners: Sequence[Costs], sign: int, limits: Sequence[tuple[int, int]]
) -> tuple[int, ...]:
    """Integer prices by which the corners say the most of the first cost, or that none is inside.

    Over weights of the corners that add up to 1 the first cost is the least, with a fine for each
    limit that their mean breaks; where even that is broken, the fines alone are.
    """
    from scipy.optimize import linprog

    points = np.array(corners, float)
    scale = np.maximum(np.ptp(points, axis=0), 1.0)
    middle = points.min(axis=0)
    table = (points - middle) / scale
    ends = (np.array(limits, float) - middle[1:, None]) / scale[1:, None]  # (d, 2)
    rows = np.concatenate([table[:, 1:].T, -table[:, 1:].T])
    fines = -np.eye(len(rows))
    for fine in (2.0 ** (_DIGITS // 4), None):
        costs = np.zeros(len(points)) if fine is None else sign * table[:, 0]
        found = linprog(
            np.concatenate([costs, np.full(len(rows), 1.0 if fine is None else fine)]),
            A_ub=np.hstack([rows, fines]), b_ub=np.concatenate([ends[:, 1], -ends[:, 0]]),
            A_eq=[[1.0] * len(points) + [0.0] * len(rows)], b_eq=[1.0],
        )  # fmt: skip
        broken = found.x[len(points) :].sum() > 2.0 ** (-_DIGITS // 2)
        if not broken:
            break
    half = len(limits)
    duals = -found.ineqlin.marginals
    its = (duals[:half] - duals[half:]) / scale[1:]
    own = 0.0 if broken else sign / scale[0]
    most = max(abs(own), *np.abs(its).tolist())
    unit = Fraction(most) / (1 << _DIGITS)
    return tuple(floor(Fraction(float(one)) / unit + Fraction(1, 2)) for one in (own, *its))
