"""How many members of a space are inside a budget, and which costs there are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.spaces.building import circuit
from archdsl.spaces.count import Count
from archdsl.spaces.distribution import Distribution, Keys, TooLarge
from archdsl.spaces.extents import extents
from archdsl.spaces.grid import FINER, SUMS, Grid, Ints
from archdsl.spaces.programme import Limits, Programme, Value
from archdsl.spaces.rows import Amounts

if TYPE_CHECKING:
    from archdsl.spaces.table import Table

EFFORT = 300_000_000
"""Sums that one programme may form: a few seconds."""

EXACT_EFFORT = 8_000_000
"""The same in Python's integers."""

EXACT_FLOAT = 1 << 53
"""Up to here floating point counts exactly."""

_FLOAT_ERROR = 1e-9
_CELLS = (1 << 12, 1 << 13, 1 << 14, 1 << 16)
_LEVELS = (4, 4, 2)
"""How many of these are tried with so many sums bounded: two take much longer than one."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """The cells of all cases, one after another, with what may lie in them.

    case: index of the case of each cell; low, high: the least and the most that a member in the
    cell can cost, by name (n, d)
    """

    case: Ints
    keys: Keys
    weights: Any
    low: Ints
    high: Ints

    def possible(self, names: tuple[str, ...], limits: Limits) -> Any:
        """Which cells may hold a member inside the limits."""
        return self._within(names, limits, self.low, self.high)

    def certain(self, names: tuple[str, ...], limits: Limits) -> Any:
        """Which cells hold only members inside the limits."""
        return self._within(names, limits, self.high, self.low)

    def _within(self, names: tuple[str, ...], limits: Limits, top: Ints, bottom: Ints) -> Any:
        found = np.ones(len(self.keys), bool)
        for index, name in enumerate(names):
            low, high = limits[name]
            found &= (top[:, index] <= high) & (bottom[:, index] >= low)
        return found


class Counting:
    """Counts the members of a space, given its table. Raises TooManyCases when it is made."""

    def __init__(self, table: Table) -> None:
        self.cases = circuit(table)
        self.size = self._size()
        found = extents(Programme(self.cases, _NO_COSTS))
        assert found is not None, "a space has a member"
        self.smallest = Amounts(*found[0].tolist())
        self.largest = Amounts(*found[1].tolist())
        self.common = self._common(table)
        self._soon: dict[Any, bool] = {}

    def bounds(self, name: str) -> tuple[int, int]:
        """The smallest and the largest cost `name` of all members."""
        return getattr(self.smallest, name), getattr(self.largest, name)

    def count(self, limits: Limits) -> Count:
        """How many members are inside the limits: exactly, or between bounds."""
        if not self._reachable(limits):
            return Count(0)
        low = limits["activations"][0] if "activations" in limits else 0
        if low > 0:
            high = limits["activations"][1]
            most = self.count({**limits, "activations": (0, high)})
            less = self.count({**limits, "activations": (0, low - 1)})
            return Count(max(0, int(most) - less.high), most.high - int(less))
        names = self.names(limits)
        if not names and "activations" not in limits:
            return Count(self.size)
        exact = self._exact(limits, names)
        if exact is not None:
            return exact
        best = Count(0, self.size)
        for cells in _CELLS[: _LEVELS[len(names)]]:
            grid = self.rounded(limits, names, cells)
            try:
                found = self.spread(Programme(self.cases, grid, limits=limits, effort=EFFORT))
            except TooLarge:
                break
            best = _bounds(found, names, limits)
            if best.certified and best.high:
                break
        return best

    def nearest(self, name: str, bounds: tuple[int, int], others: Limits) -> int | None:
        """The cost `name` next to its bounds of the members that are inside the other limits.

        None where no member is, or where telling takes too long.
        """
        if name not in SUMS or not self._reachable(others):
            return None
        names = tuple(one for one in SUMS if one == name or one in self.names(others))
        grid = self.exact_grid(others, names)
        if grid is None:
            return None
        try:
            found = self.spread(Programme(self.cases, grid, limits=others, effort=EFFORT))
        except TooLarge:
            return None
        inside = np.ones(len(found.keys), bool)
        for index, one in enumerate(names):
            if one in others:
                low, high = others[one]
                inside &= (found.low[:, index] >= low) & (found.low[:, index] <= high)
        costs = found.low[inside][:, names.index(name)]
        if not len(costs):
            return None
        distance = np.maximum(costs - bounds[1], bounds[0] - costs)
        return int(costs[np.argmin(distance)])

    def names(self, limits: Limits) -> tuple[str, ...]:
        """The sums that limits bound in a way that keeps anything out."""
        return tuple(
            name for name in SUMS
            if name in limits
            and (limits[name][0] > self.bounds(name)[0] or limits[name][1] < self.bounds(name)[1])
        )  # fmt: skip

    def _reachable(self, limits: Limits) -> bool:
        return all(
            low <= self.bounds(name)[1] and high >= self.bounds(name)[0]
            for name, (low, high) in limits.items()
        )

    def _exact(self, limits: Limits, names: tuple[str, ...]) -> Count | None:
        grid = self.exact_grid(limits, names)
        if grid is None:
            return None
        big = self.size >= EXACT_FLOAT
        effort = EXACT_EFFORT if big else EFFORT
        try:
            found = self.spread(
                Programme(self.cases, grid, limits=limits, exact=big, effort=effort)
            )
        except TooLarge:
            return None
        return Count(int(found.weights[found.possible(names, limits)].sum()))

    def exact_grid(self, limits: Limits, names: tuple[str, ...]) -> Grid | None:
        """A grid that tells all costs apart, unless its keys have too many bits."""
        units = tuple(self.common[name] for name in names)
        sides = tuple(
            self._most(limits, name) // unit + 2 for name, unit in zip(names, units, strict=True)
        )
        return Grid(names, units, sides) if math.prod(sides) < 1 << 62 else None

    def soon(self, grid: Grid, limits: Limits, effort: int) -> bool:
        """Whether a programme without weights takes no more effort: one with weights takes more."""
        key = grid, tuple(limits.items()), effort
        if key not in self._soon:
            try:
                self.spread(Programme(self.cases, grid, limits=limits, effort=effort))
            except TooLarge:
                self._soon[key] = False
            else:
                self._soon[key] = True
        return self._soon[key]

    def rounded(self, limits: Limits, names: tuple[str, ...], cells: int) -> Grid:
        """A grid of so many cells in all, finer inside the stages."""
        each = cells if len(names) == 1 else 4 * math.isqrt(cells)
        units, sides = [], []
        for name in names:
            high = min(limits[name][1], self.bounds(name)[1])
            unit = max(1, -(-high // each))
            unit = -(-unit // FINER) * FINER
            units.append(unit)
            sides.append(self._most(limits, name) // unit + 64)
        return Grid(names, tuple(units), tuple(sides), FINER)

    def _most(self, limits: Limits, name: str) -> int:
        """What two parts that are each inside can come to."""
        return min(self.bounds(name)[1], 2 * limits[name][1] + 1 if name in limits else 1 << 62)

    def spread(self, programme: Programme) -> Cells:
        """The cells of a programme, case by case."""
        grid = programme.grid
        parts: list[tuple[int, Distribution, Value]] = []
        for index, case in enumerate(self.cases):
            parts.append((index, *programme.case(case)))
        keys = np.concatenate([found.keys for _, found, _ in parts])
        costs = grid.costs(keys, False)
        lows, highs, at = [], [], 0
        for _, found, value in parts:
            here = costs[at : at + len(found.keys)]
            lows.append(here + value.low)
            highs.append(here + value.high)
            at += len(found.keys)
        return Cells(
            np.concatenate([np.full(len(f.keys), i, np.int64) for i, f, _ in parts]),
            keys,
            np.concatenate([found.weights for _, found, _ in parts]),
            np.concatenate(lows),
            np.concatenate(highs),
        )

    def _size(self) -> int:
        programme = Programme(self.cases, _NO_COSTS, exact=True)
        return int(sum(programme.case(case)[0].total() for case in self.cases))

    def _common(self, table: Table) -> dict[str, int]:
        """What divides every cost of every row."""
        found = dict.fromkeys(SUMS, 0)
        for part in table.parts():
            for row in part.rows:
                amounts = getattr(row.value, "amounts", row.value)
                if isinstance(amounts, Amounts):
                    for name in SUMS:
                        found[name] = math.gcd(found[name], getattr(amounts, name))
        return {name: max(1, divisor) for name, divisor in found.items()}


_NO_COSTS = Grid((), (), ())


def _bounds(found: Cells, names: tuple[str, ...], limits: Limits) -> Count:
    low = float(found.weights[found.certain(names, limits)].sum())
    high = float(found.weights[found.possible(names, limits)].sum())
    if high < EXACT_FLOAT:
        return Count(int(low), int(high))
    return Count(int(low * (1 - _FLOAT_ERROR)), int(high * (1 + _FLOAT_ERROR)))
