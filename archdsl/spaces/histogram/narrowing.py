"""What prices say of a budget: which costs no part of a member inside can have.

The costs of a whole member, at any prices, are between what the budget allows; and the rest of a
member has a smallest and a largest price, by an outside pass of intervals. What remains for the
part itself leaves out most of the cells that come to nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from archdsl.amounts import Budget, additive
from archdsl.amounts import names as all_names
from archdsl.amounts.arrays import Ints
from archdsl.spaces.circuit.circuit import NONE, Circuit, Product, Sum
from archdsl.spaces.circuit.fold import Algebra, OutsideAlgebra, fold, outside

Range: TypeAlias = "tuple[Ints, Ints]"
"""The smallest and the largest price, by price vector (n,)."""


class Narrowing:
    """Which costs of each node may be part of a member inside the limits.

    names: the costs that are told (d,); prices: of all additive kinds, whose totals are far below
    63 bits
    """

    def __init__(
        self,
        circuit: Circuit,
        names: Sequence[str],
        limits: Budget,
        prices: Sequence[Sequence[int]] = (),
    ) -> None:
        kinds = additive()
        own = [tuple(int(one == name) for one in kinds) for name in names if name in limits]
        priced = np.array([*own, *prices], np.int64).reshape(-1, len(kinds))
        algebra = _Priced(priced)
        inside = fold(circuit.nodes, algebra)
        nothing = np.zeros(len(priced), np.int64)
        top = {len(circuit.nodes) - 1: (nothing, nothing)}
        self._rest = outside(circuit.nodes, inside, _RestPrices(algebra), top)
        self._prices = priced[:, [kinds.index(name) for name in names]]
        bounds = np.array([limits.get(name, (0, 0)) for name in names], np.int64)
        self._least = _least(self._prices, bounds[:, 0], bounds[:, 1])
        self._most = -_least(-self._prices, bounds[:, 0], bounds[:, 1])

    def within(self, at: int, costs: Ints, low: Ints, high: Ints) -> Any:
        """Which costs (m, d) of a node, give or take low to high, a member inside may have."""
        rest = self._rest[at]
        if rest is None:
            return np.zeros(len(costs), bool)
        sums = costs @ self._prices.T
        least = rest[0] + _least(self._prices, low, high)
        most = rest[1] - _least(-self._prices, low, high)
        return ((sums + least <= self._most) & (sums + most >= self._least)).all(axis=1)


def _least(prices: Ints, low: Ints, high: Ints) -> Ints:
    """What costs between low and high (d,) come to at least, by price (n,)."""
    return np.asarray(np.minimum(prices * low, prices * high).sum(axis=1))


class _Priced(Algebra[Range]):
    """What a node comes to at each of n prices, at least and at most."""

    def __init__(self, prices: Ints) -> None:
        self._prices = np.zeros((len(all_names()), len(prices)), np.int64)
        self._prices[[all_names().index(name) for name in additive()]] = prices.T
        self._nothing = np.zeros(len(prices), np.int64)

    def own(self, node: Sum) -> Ints:
        """(m, n): the leaves of a sum, by price."""
        return node.amounts @ self._prices

    def sum(self, at: int, node: Sum, then: Sequence[Range | None]) -> Range:
        low = high = self.own(node)
        if any(its is not None for its in then):
            low = low + np.array([self._nothing if its is None else its[0] for its in then])
            high = high + np.array([self._nothing if its is None else its[1] for its in then])
        return low.min(axis=0), high.max(axis=0)

    def product(self, at: int, node: Product, one: Range, other: Range) -> Range:
        return one[0] + other[0], one[1] + other[1]


class _RestPrices(OutsideAlgebra[Range, Range]):
    """What the rest of a member comes to at each price, at least and at most."""

    def __init__(self, algebra: _Priced) -> None:
        self._algebra = algebra

    def either(self, one: Range, other: Range) -> Range:
        return np.minimum(one[0], other[0]), np.maximum(one[1], other[1])

    def edges(self, at: int, node: Sum, rest: Range) -> Sequence[Range | None]:
        if all(then == NONE for then in node.then):
            return [None] * len(node.then)
        own = self._algebra.own(node)
        return list(zip(own + rest[0], own + rest[1], strict=True))

    def parts(
        self, at: int, node: Product, rest: Range, one: Range, other: Range
    ) -> tuple[Range, Range]:
        return (rest[0] + other[0], rest[1] + other[1]), (rest[0] + one[0], rest[1] + one[1])
