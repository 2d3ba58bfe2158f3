"""What is known of a space that a number or two per node tell: algebras of a fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts import kinds, names
from archdsl.amounts.arrays import Ints
from archdsl.spaces.circuit.circuit import Circuit, Product, Sum
from archdsl.spaces.circuit.fold import Algebra, fold

Range: TypeAlias = "tuple[Ints, Ints]"
"""The smallest and the largest of each kind, or of each price."""

Costs: TypeAlias = "tuple[int, ...]"
"""Some additive kinds of a member, or of a part of one."""


class MemberCount(Algebra[int]):
    """How many members: exactly, whatever they weigh."""

    def sum(self, at: int, node: Sum, then: Sequence[int | None]) -> int:
        """Alternatives add up."""
        return sum(1 if its is None else its for its in then)

    def product(self, at: int, node: Product, one: int, other: int) -> int:
        """Each with each."""
        return one * other


class Interval(Algebra[Range]):
    """The smallest and the largest of each kind."""

    def __init__(self) -> None:
        self._adding = np.array([kind.combine == "sum" for kind in kinds()])
        self._nothing = np.zeros(len(self._adding), np.int64)

    def sum(self, at: int, node: Sum, then: Sequence[Range | None]) -> Range:
        """From the least of the edges to the most."""
        low = high = node.amounts
        if any(its is not None for its in then):
            low = self._both(low, np.array([self._nothing if t is None else t[0] for t in then]))
            high = self._both(high, np.array([self._nothing if t is None else t[1] for t in then]))
        return low.min(axis=0), high.max(axis=0)

    def product(self, at: int, node: Product, one: Range, other: Range) -> Range:
        """Ends of both together."""
        return self._both(one[0], other[0]), self._both(one[1], other[1])

    def _both(self, one: Ints, other: Ints) -> Ints:
        return np.where(self._adding, one + other, np.maximum(one, other))


class Cheapest(Algebra["tuple[int, Costs]"]):
    """What a member comes to at certain prices, at least, and its costs.

    prices: of each of some additive kinds, of any size and sign
    """

    def __init__(self, chosen: Sequence[str], prices: Sequence[int]) -> None:
        self._columns = [names().index(name) for name in chosen]
        self._prices = prices

    def sum(
        self, at: int, node: Sum, then: Sequence[tuple[int, Costs] | None]
    ) -> tuple[int, Costs]:
        """The first of the cheapest edges."""
        best: tuple[int, Costs] | None = None
        rows = node.amounts[:, self._columns].tolist()
        for own, its in zip(rows, then, strict=True):
            price = 0
            for each, amount in zip(self._prices, own, strict=True):
                price += each * amount
            if its is not None:
                price += its[0]
            if best is None or price < best[0]:
                best = price, tuple(own) if its is None else _added(own, its[1])
        assert best is not None
        return best

    def product(
        self, at: int, node: Product, one: tuple[int, Costs], other: tuple[int, Costs]
    ) -> tuple[int, Costs]:
        """Each at its cheapest."""
        return one[0] + other[0], _added(one[1], other[1])


def _added(one: Sequence[int], other: Sequence[int]) -> Costs:
    return tuple([a + b for a, b in zip(one, other, strict=True)])


Partition: TypeAlias = "tuple[float, NDArray[np.float64]]"
"""The logarithm of a sum of weights, and the mean costs under them."""


class LogPartition(Algebra[Partition]):
    """The logarithm of the sum of exp(-rates · costs) times the weight, over all members.

    rates: of each of some additive kinds, per unit of cost
    """

    def __init__(self, chosen: Sequence[str], rates: NDArray[np.float64]) -> None:
        self._columns = [names().index(name) for name in chosen]
        self._rates = rates
        self._nothing = 0.0, np.zeros(len(rates))

    def sum(self, at: int, node: Sum, then: Sequence[Partition | None]) -> Partition:
        """Of the weights of all edges."""
        costs = node.amounts[:, self._columns]
        logs = np.log(node.weights) - costs @ self._rates
        further = [self._nothing if its is None else its for its in then]
        logs = logs + [its[0] for its in further]
        most = logs.max()
        shares = np.exp(logs - most)
        total = shares.sum()
        means = costs + np.array([its[1] for its in further]).reshape(costs.shape)
        return float(most + np.log(total)), shares @ means / total

    def product(self, at: int, node: Product, one: Partition, other: Partition) -> Partition:
        """Logarithms and means add up."""
        return one[0] + other[0], one[1] + other[1]


def size(circuit: Circuit) -> int:
    """How many members a circuit has."""
    return 0 if circuit.empty else fold(circuit.nodes, MemberCount())[-1] or 0


def interval(circuit: Circuit) -> Range | None:
    """The smallest and the largest of each kind (kinds,), over all members; None without any."""
    return None if circuit.empty else fold(circuit.nodes, Interval())[-1]


def cheapest(circuit: Circuit, chosen: Sequence[str], prices: Sequence[int]) -> Costs | None:
    """The costs of a member that comes to the least at such prices; None without any."""
    if circuit.empty:
        return None
    found = fold(circuit.nodes, Cheapest(chosen, prices))[-1]
    assert found is not None
    return found[1]
