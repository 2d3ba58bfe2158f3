"""Costs as keys, on a grid; and which grid serves which limits: one that is exact, or as fine as
there is time for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from archdsl.amounts import Budget, additive, names
from archdsl.amounts.arrays import Ints
from archdsl.spaces.circuit.circuit import Circuit
from archdsl.spaces.histogram.sparse import Keys

FINER = 16
"""How many cells of the grid inside a stage make one outside. On metaformer_224 with two windows
a drawing takes 3.8 s and 61 % of the draws are inside; with ten times as many 18 s and 65 %, with
one 1.6 s and 28 %."""

KEY_BITS = 62
"""Of a key: it is an int64, and the sum of two keys has to be one."""

SLICES = 8
"""Cells across the narrowest window of a budget. On metaformer_224 with 1.98 to 1.982 G MACs a
drawing takes 0.7 s and 51 % of the draws are inside; with ten times as many 9 s and 88 %, with a
tenth 0.7 s and 19 %."""

MOST_CELLS = 1 << 16
"""Of a grid. On metaformer_224 with 1.98 to 1.98001 G MACs a drawing takes 6 s and 3 % of the draws
are inside; with ten times as many it takes more than 15 s, and with a tenth 300 draws do."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Which costs a key tells, and how finely.

    names: the costs, all additive; units: what one cell of each is worth
    sides: more cells than a member can have; keys count in the last cost first
    finer: cells inside a stage per cell outside; 1 for an exact grid
    """

    names: tuple[str, ...]
    units: tuple[int, ...]
    sides: tuple[int, ...]
    finer: int = 1
    _scales: tuple[tuple[Ints, Ints], ...] = field(init=False, repr=False, compare=False)
    _columns: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        scales = tuple((self._units(inside), self._strides(inside)) for inside in (False, True))
        object.__setattr__(self, "_scales", scales)
        object.__setattr__(self, "_columns", [names().index(name) for name in self.names])

    def told(self, amounts: Ints) -> Ints:
        """(n, kinds) amounts to the (n, d) costs that the grid tells of."""
        return amounts[:, self._columns]

    def _units(self, inside: bool) -> Ints:
        units = np.array(self.units, np.int64)
        return np.maximum(units // self.finer, 1) if inside else units

    def _strides(self, inside: bool) -> Ints:
        sides = np.array(self.sides, np.int64) * (self.finer if inside else 1)
        strides = np.ones(len(sides), np.int64)
        for index in range(len(sides) - 2, -1, -1):
            strides[index] = strides[index + 1] * sides[index + 1]
        return strides

    def key(self, costs: Ints, inside: bool) -> Keys:
        """(n, d) costs to (n,) keys, each rounded to the nearest cell."""
        found = np.zeros(len(costs), np.int64)
        for column, unit, stride in zip(costs.T, *self._scales[inside], strict=True):
            found += (column + unit // 2) // unit * stride
        return found

    def last(self, cost: int, inside: bool) -> int:
        """The largest key that stands for no more than a cost, where the grid tells of one."""
        return cost // int(self._scales[inside][0][0])

    def costs(self, keys: Keys, inside: bool) -> Ints:
        """(n,) keys to the (n, d) costs that they stand for."""
        unit, strides = self._scales[inside]
        if len(unit) == 1:
            return np.asarray((keys * unit[0])[:, None], np.int64)
        found = np.empty((len(strides), len(keys)), np.int64).T
        rest = keys
        for index, (one, stride) in enumerate(zip(unit, strides, strict=True)):
            cells = rest // stride  # by a number: faster than `divmod`
            rest = rest - cells * stride
            found[:, index] = cells * one
        return found


@dataclass(frozen=True, slots=True)
class GridReach:
    """What is known of all members.

    bounds: the smallest and the largest of each kind; common: what divides each additive cost
    leaf: the most of each kind that one leaf of the circuit has
    """

    bounds: Mapping[str, tuple[int, int]]
    common: Mapping[str, int]
    leaf: Mapping[str, int]


def reach_of(circuit: Circuit, bounds: Mapping[str, tuple[int, int]]) -> GridReach:
    """What is known of the members of a circuit, given the bounds of their costs."""
    every = np.concatenate([node.amounts for node in circuit.sums()])
    columns = dict(zip(names(), every.T, strict=True))
    common = {name: max(1, int(np.gcd.reduce(columns[name]))) for name in additive()}
    leaf = dict(zip(names(), circuit.largest_leaf().tolist(), strict=True))
    return GridReach(bounds, common, leaf)


class Resolution:
    """The grids of a space."""

    def __init__(self, reach: GridReach) -> None:
        self._reach = reach

    def exact(self, limits: Budget, chosen: Sequence[str]) -> Grid | None:
        """A grid that tells all costs apart, unless its keys have too many bits."""
        units = tuple(self._reach.common[name] for name in chosen)
        sides = tuple(
            self._most(limits, name) // unit + 2 for name, unit in zip(chosen, units, strict=True)
        )
        fits = math.prod(sides) < 1 << KEY_BITS
        return Grid(tuple(chosen), units, sides) if fits else None

    def rounded(self, limits: Budget, chosen: Sequence[str], cells: int) -> Grid:
        """A grid of so many cells in all, or somewhat more, finer inside the stages."""
        each = cells if len(chosen) == 1 else 4 * int(cells ** (1 / max(1, len(chosen))))
        units, sides = [], []
        for name in chosen:
            high = min(limits[name][1], self._reach.bounds[name][1])
            unit = max(1, -(-high // each))
            unit = -(-unit // FINER) * FINER
            units.append(unit)
            sides.append(self._most(limits, name) // unit + 64)
        return Grid(tuple(chosen), tuple(units), tuple(sides), FINER)

    def fine(self, limits: Budget, chosen: Sequence[str], cells: int) -> int:
        """Cells enough, from so many, that every window is several of them wide."""
        for name in chosen:
            low, high = limits[name]
            if low > 0:
                cells = max(cells, SLICES * high // max(1, high - low))
        return min(cells, MOST_CELLS)

    def _most(self, limits: Budget, name: str) -> int:
        """What a part that is inside and one more, or a leaf, can come to."""
        most = self._reach.bounds[name][1]
        if name not in limits:
            return most
        inside = limits[name][1]
        return min(most, inside + max(inside, self._reach.leaf[name]) + 1)
