"""Costs as keys: on a grid that is exact, or as fine as there is time for."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from archdsl.amounts.arrays import Ints, columns
from archdsl.spaces.histogram.sparse import Keys

FINER = 16
"""How many cells of the grid inside a stage make one outside."""


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

    def __post_init__(self) -> None:
        scales = tuple((self._units(inside), self._strides(inside)) for inside in (False, True))
        object.__setattr__(self, "_scales", scales)

    def told(self, amounts: Ints) -> Ints:
        """(n, kinds) amounts to the (n, d) costs that the grid tells of."""
        return columns(amounts, self.names)

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
        unit, strides = self._scales[inside]
        return np.asarray(((costs + unit // 2) // unit) @ strides, np.int64)

    def last(self, cost: int, inside: bool) -> int:
        """The largest key that stands for no more than a cost, where the grid tells of one."""
        return cost // int(self._scales[inside][0][0])

    def costs(self, keys: Keys, inside: bool) -> Ints:
        """(n,) keys to the (n, d) costs that they stand for."""
        unit, strides = self._scales[inside]
        if len(unit) == 1:
            return np.asarray((keys * unit[0])[:, None], np.int64)
        found = np.empty((len(keys), len(strides)), np.int64)
        rest = keys
        for index, stride in enumerate(strides):
            found[:, index], rest = np.divmod(rest, stride)
        return found * unit
