"""Which grid serves which limits: an exact one where there is time for it, or one rounded."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from archdsl.amounts import additive, names
from archdsl.spaces.circuit.circuit import Circuit
from archdsl.spaces.histogram.grid import FINER, Grid
from archdsl.spaces.histogram.inside import Histograms, Limits
from archdsl.spaces.histogram.sparse import TooLarge

KEY_BITS = 62
"""Of a key: it is an int64, and the sum of two keys has to be one."""

SLICES = 8
"""Cells across the narrowest window of a budget."""

MOST_CELLS = 1 << 16


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of all members.

    bounds: the smallest and the largest of each kind; common: what divides each additive cost
    leaf: the most of each kind that one leaf of the circuit has
    """

    bounds: Mapping[str, tuple[int, int]]
    common: Mapping[str, int]
    leaf: Mapping[str, int]


def reach_of(circuit: Circuit, bounds: Mapping[str, tuple[int, int]]) -> Reach:
    """What is known of the members of a circuit, given the bounds of their costs."""
    every = np.concatenate([node.amounts for node in circuit.sums()])
    columns = dict(zip(names(), every.T, strict=True))
    common = {name: max(1, int(np.gcd.reduce(columns[name]))) for name in additive()}
    leaf = dict(zip(names(), circuit.largest_leaf().tolist(), strict=True))
    return Reach(bounds, common, leaf)


class Resolution:
    """The grids of a space."""

    def __init__(self, circuit: Circuit, reach: Reach) -> None:
        self._circuit = circuit
        self._reach = reach
        self._soon: dict[tuple[Grid, tuple[tuple[str, tuple[int, int]], ...], int], bool] = {}

    def exact(self, limits: Limits, chosen: Sequence[str]) -> Grid | None:
        """A grid that tells all costs apart, unless its keys have too many bits."""
        units = tuple(self._reach.common[name] for name in chosen)
        sides = tuple(
            self._most(limits, name) // unit + 2 for name, unit in zip(chosen, units, strict=True)
        )
        fits = math.prod(sides) < 1 << KEY_BITS
        return Grid(tuple(chosen), units, sides) if fits else None

    def exact_soon(self, limits: Limits, chosen: Sequence[str], effort: int) -> Grid | None:
        """The exact grid, where histograms without weights take no more effort: those with
        weights take more."""
        grid = self.exact(limits, chosen)
        if grid is None:
            return None
        key = grid, tuple(limits.items()), effort
        if key not in self._soon:
            try:
                Histograms(
                    self._circuit.within(highest(limits)), grid, limits, effort=effort
                ).spread()
            except TooLarge:
                self._soon[key] = False
            else:
                self._soon[key] = True
        return grid if self._soon[key] else None

    def rounded(self, limits: Limits, chosen: Sequence[str], cells: int) -> Grid:
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

    def fine(self, limits: Limits, chosen: Sequence[str], cells: int) -> int:
        """Cells enough, from so many, that every window is several of them wide."""
        for name in chosen:
            low, high = limits[name]
            if low > 0:
                cells = max(cells, SLICES * high // max(1, high - low))
        return min(cells, MOST_CELLS)

    def _most(self, limits: Limits, name: str) -> int:
        """What a part that is inside and one more, or a leaf, can come to."""
        most = self._reach.bounds[name][1]
        if name not in limits:
            return most
        inside = limits[name][1]
        return min(most, inside + max(inside, self._reach.leaf[name]) + 1)


def highest(limits: Limits) -> dict[str, int]:
    """The upper limits."""
    return {name: high for name, (_, high) in limits.items()}
