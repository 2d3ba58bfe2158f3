"""The inside pass of histograms: how the weight of all members is spread over their costs.

Costs are rounded to a grid where an exact one would have too many cells. What rounding can have
done is known for every part, so that a member inside the budget is never taken for one outside:
the cells that may hold one are a superset, and drawing from it and looking at the exact integers
leaves the distribution as it was.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts import Budget
from archdsl.amounts.arrays import Ints
from archdsl.spaces.circuit.circuit import BlockNode, Circuit, Product, StageNode, Sum
from archdsl.spaces.circuit.fold import Algebra, fold
from archdsl.spaces.histogram.grid import Grid
from archdsl.spaces.histogram.narrowing import Narrowing
from archdsl.spaces.histogram.sparse import Histogram, Keys, TooLarge, convolved, gathered, mixed

_FREE = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """What is known of a node: true cost minus what its key says is within `low` to `high`."""

    found: Histogram
    low: Ints
    high: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Leaves:
    """The leaves of a sum on a grid.

    errors: true cost minus what the key says (n, d); exponent: of two, for all weights
    """

    keys: Keys
    errors: Ints
    weights: Any
    exponent: int


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of a circuit, edge by edge of its root, with what may lie in them.

    edge: index of the root's edge of each cell; costs: what its key says (n, d)
    kept: its weight, by `rates` and two to the power of `exponent`
    low, high: the least and the most that a member in the cell can cost (n, d)
    """

    edge: Ints
    keys: Keys
    costs: Ints
    kept: Any
    exponent: int
    rates: NDArray[np.float64] | None
    low: Ints
    high: Ints

    def weights(self, where: NDArray[Any]) -> tuple[Any, int]:
        """The weights of some cells, times two to the power of the exponent that is given too."""
        kept = self.kept[where]
        if self.rates is None or not len(kept):
            return kept, self.exponent
        # what floating point has dropped as too small weighs nothing
        logs = np.log2(kept, where=kept > 0, out=np.full(len(kept), -np.inf))
        logs += self.costs[where] @ self.rates / np.log(2)
        more = math.ceil(logs.max())
        return np.exp2(logs - more), self.exponent + more

    def possible(self, names: Sequence[str], limits: Budget) -> NDArray[np.bool_]:
        """Which cells may hold a member inside the limits."""
        return self._within(names, limits, self.low, self.high)

    def certain(self, names: Sequence[str], limits: Budget) -> NDArray[np.bool_]:
        """Which cells hold only members inside the limits."""
        return self._within(names, limits, self.high, self.low)

    def _within(
        self, names: Sequence[str], limits: Budget, top: Ints, bottom: Ints
    ) -> NDArray[np.bool_]:
        found = np.ones(len(self.keys), bool)
        for index, name in enumerate(names):
            low, high = limits[name]
            found &= (top[:, index] <= high) & (bottom[:, index] >= low)
        return found


@dataclass(slots=True, eq=False)
class Histograms(Algebra[Spread]):
    """Histograms for every node of a circuit; values: by place, once `spread` was called.

    limits: what the budget is; what is over it before a member is whole is left out, the rest is
        for the caller to look at
    exact: count in Python's integers; floating point is exact up to 2**53
    effort: how many sums may be formed before TooLarge is raised
    narrowing: leaves out from the start what cannot come inside the limits, whatever the rest of
        a member is; what is left is less, and enough to count what is inside
    rates: by name (d,); a weight is kept times exp(-rates · costs of its key), which leaves those
        of equal keys in their ratios and is taken back at the root (`tilt`)
    """

    circuit: Circuit
    grid: Grid
    limits: Budget = field(default_factory=Budget)
    exact: bool = False
    effort: int = 1 << 40
    narrowing: Narrowing | None = None
    rates: NDArray[np.float64] | None = None
    values: list[Spread | None] = field(default_factory=list)
    _most: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        bounded = any(name in self.limits for name in self.grid.names)
        highest = [self.limits.get(name, (0, _FREE))[1] for name in self.grid.names]
        self._most = tuple(highest) if bounded else ()

    def spread(self) -> Cells:
        """The cells of all members. Raises TooLarge."""
        root, width = self.circuit.root, len(self.grid.names)
        if self.circuit.empty:
            nothing = np.zeros(0, np.int64)
            none = np.zeros((0, width), np.int64)
            kept = np.zeros(0, object if self.exact else np.float64)
            return Cells(nothing, nothing, none, kept, 0, None, none, none)
        self.values = fold(self.circuit.nodes[:-1], self)
        edges = []
        for weight, then in zip(root.weights.tolist(), root.then, strict=True):
            value = self.values[then]
            assert value is not None
            edges.append((value.found.shifted(0, weight), value))
        keys = np.concatenate([found.keys for found, _ in edges])
        sizes = [len(found.keys) for found, _ in edges]
        edge = np.repeat(np.arange(len(edges)), sizes)
        costs = self.grid.costs(keys, False)
        weights, exponent = aligned([found for found, _ in edges])
        return Cells(
            edge, keys, costs, weights, exponent, self.rates,
            costs + np.array([value.low for _, value in edges])[edge],
            costs + np.array([value.high for _, value in edges])[edge],
        )  # fmt: skip

    def leaves(self, node: Sum) -> Leaves:
        """What the leaves of a sum are on the grid."""
        costs = self.grid.told(node.amounts)
        keys = self.grid.key(costs, node.fine)
        rounded = self.grid.costs(keys, node.fine)
        errors = costs - rounded
        if self.exact:
            return Leaves(keys, errors, np.ones(len(keys), object), 0)
        if self.rates is None:
            return Leaves(keys, errors, node.weights, 0)
        logs = np.log2(node.weights) - rounded @ self.rates / np.log(2)
        exponent = int(np.round(logs.max()))
        return Leaves(keys, errors, np.exp2(logs - exponent), exponent)

    def sum(self, at: int, node: Sum, then: Sequence[Spread | None]) -> Spread:
        """Histograms moved by the leaves before them, and added up."""
        leaves = self.leaves(node)
        parts: list[Histogram] = []
        ends: list[int] = []
        nothing: Histogram | None = None
        lows, highs = leaves.errors, leaves.errors
        if any(value is not None for value in then):
            lows, highs = lows.copy(), highs.copy()
        for index, value in enumerate(then):
            if value is None:
                ends.append(index)
                continue
            lows[index] += value.low
            highs[index] += value.high
            if not len(value.found.keys):
                nothing = value.found
                continue
            self.effort -= len(value.found.keys)
            weight = 1 if self.exact else leaves.weights[index]
            moved = value.found.shifted(int(leaves.keys[index]), weight)
            parts.append(Histogram(moved.keys, moved.weights, moved.exponent + leaves.exponent))
        if ends:
            parts.append(gathered(leaves.keys[ends], leaves.weights[ends], leaves.exponent))
        if self.effort < 0:
            raise TooLarge
        found = mixed(parts).scaled() if parts or nothing is None else nothing
        return self._kept(at, node.fine, Spread(found, lows.min(0), highs.max(0)))

    def product(self, at: int, node: Product, one: Spread, other: Spread) -> Spread:
        """A convolution."""
        self.effort -= len(one.found.keys) * len(other.found.keys)
        if self.effort < 0:
            raise TooLarge
        found = convolved(one.found, other.found).scaled()
        return self._kept(at, node.fine, Spread(found, one.low + other.low, one.high + other.high))

    def block(self, at: int, node: BlockNode, value: Spread) -> Spread:
        """What may stand in this very block."""
        return self._kept(at, True, value)

    def stage(self, at: int, node: StageNode, value: Spread) -> Spread:
        """The same in coarser cells."""
        found = value.found
        if self.grid.finer == 1 or not len(found.keys):
            return self._kept(at, False, value)
        keys, weights, error = self.coarse(found)
        low, high = np.minimum(error.min(0), 0), np.maximum(error.max(0), 0)
        gathering = gathered(keys, weights, found.exponent)
        return self._kept(at, False, Spread(gathering, value.low + low, value.high + high))

    def coarse(self, found: Histogram) -> tuple[Keys, Any, Ints]:
        """Keys inside a stage as keys outside: the keys, their weights there, and true cost
        minus what the coarse keys say."""
        fine = self.grid.costs(found.keys, True)
        keys = self.grid.key(fine, False)
        error = fine - self.grid.costs(keys, False)
        if self.rates is None:
            return keys, found.weights, error
        return keys, found.weights * np.exp(error @ self.rates), error

    def _kept(self, at: int, fine: bool, value: Spread) -> Spread:
        """Without what is outside the budget already, by what else a member costs at least."""
        found = value.found
        if len(found.keys) and self._most:
            within = self._within(found.keys, value.low, fine)
            if within is not None:
                found = found.only(within)
            if self.narrowing is not None:
                costs = self.grid.costs(found.keys, fine)
                found = found.only(self.narrowing.within(at, costs, value.low, value.high))
        return Spread(found, value.low, value.high)

    def _within(self, keys: Keys, low: Ints, fine: bool) -> Any:
        """Which keys may belong to a member inside the budget; None for all of them."""
        if len(self._most) == 1:  # keys ascend with the cost
            last = self.grid.last(self._most[0] - int(low[0]), fine)
            end = int(keys.searchsorted(last, "right"))
            return None if end == len(keys) else slice(end)
        costs = self.grid.costs(keys, fine)
        within = np.ones(len(keys), bool)
        for column, its, end in zip(costs.T, low.tolist(), self._most, strict=True):
            within &= column <= end - its
        return None if within.all() else within


def aligned(parts: Sequence[Histogram]) -> tuple[Any, int]:
    """The weights of several histograms, one after another, by the exponent of all."""
    most = max(part.exponent for part in parts)
    weights = [
        part.weights if part.exponent == most else np.ldexp(part.weights, part.exponent - most)
        for part in parts
    ]
    return np.concatenate(weights), most
