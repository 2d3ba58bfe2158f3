"""How many members of a space are inside a budget, and which costs there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.spaces.bounding import Window, bounded, window
from archdsl.spaces.building import circuit
from archdsl.spaces.count import Count
from archdsl.spaces.distribution import Distribution, Keys, TooLarge
from archdsl.spaces.extents import extents, largest_edge
from archdsl.spaces.grid import FINER, NO_COSTS, SUMS, Grid, Ints
from archdsl.spaces.hull import Point, cheapest, least_within
from archdsl.spaces.nearest import Nearest
from archdsl.spaces.programme import Limits, Programme, Value, Weighing
from archdsl.spaces.rows import Amounts

if TYPE_CHECKING:
    from archdsl.spaces.table import Table

EFFORT = 300_000_000
"""Sums that one programme may form: a few seconds."""

EXACT_EFFORT = 8_000_000
"""The same in Python's integers; a quarter of it where two costs are bounded."""

EXACT_FLOAT = 1 << 53
"""Up to here floating point counts exactly."""

_FLOAT_ERROR = 1e-9
_CELLS = 1 << 12
_CELLS_EFFORT = 60_000_000


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
        table = table.in_triples()
        self.cases = circuit(table)
        self.size = self._size()
        found = extents(Programme(self.cases, NO_COSTS))
        assert found is not None, "a space has a member"
        self.smallest = Amounts(*found[0].tolist())
        self.largest = Amounts(*found[1].tolist())
        self.common = self._common(table)
        self._edge = largest_edge(self.cases)
        self._soon: dict[Any, bool] = {}

    def bounds(self, name: str) -> tuple[int, int]:
        """The smallest and the largest cost `name` of all members."""
        return getattr(self.smallest, name), getattr(self.largest, name)

    def count(self, limits: Limits) -> Count:
        """How many members are inside the limits: exactly, or between bounds."""
        if not self.reachable(limits):
            return Count(0)
        limits = self.capped(limits)
        low = limits["activations"][0] if "activations" in limits else 0
        if low > 0:
            high = limits["activations"][1]
            most = self.count({**limits, "activations": (0, high)})
            less = self.count({**limits, "activations": (0, low - 1)})
            return Count(max(0, int(most) - less.high), most.high - int(less))
        names = self.names(limits)
        if not names and "activations" not in limits:
            return Count(self.size)
        windows = [
            window(name, self.common[name], limits[name], self.bounds(name)) for name in names
        ]
        if any(one.low > one.high for one in windows):  # between two multiples of what divides all
            return Count(0)
        prices = self._prices(limits, names)
        if prices is None:
            return Count(0)
        exact = self._exact(limits, names, prices)
        if exact is not None:
            return exact
        low, high = self._between(limits, windows)
        if low == 0:
            by_cells = self._by_cells(limits, names)
            low, high = max(low, by_cells[0]), min(high, by_cells[1])
        return Count(low, high)

    def _prices(self, limits: Limits, names: tuple[str, ...]) -> list[Point] | None:
        """Prices of two costs by which members come near both limits; None: none is inside both."""
        if len(names) < 2:
            return []
        programme = Programme(self.cases, NO_COSTS, limits=limits)
        prices = []
        for sign, edge in ((1, limits[SUMS[0]][1]), (-1, -limits[SUMS[0]][0])):
            found = least_within(programme, 0, sign, limits[SUMS[1]])
            if found is None or found[0] > edge:
                return None
            prices += self.priced(found[1])
        return prices

    def priced(self, price: Point) -> list[Point]:
        """Prices of both costs, with what they come to far below 63 bits."""
        largest = max(self.bounds(name)[1] for name in SUMS)
        shift = max(0, (max(map(abs, price)) * largest).bit_length() - 58)
        rounded = price[0] >> shift, price[1] >> shift
        return [rounded] if all(rounded) else []

    def _between(self, limits: Limits, windows: list[Window]) -> tuple[int, int]:
        """Bounds by the characteristic function."""
        programme = Programme(self.cases, NO_COSTS, limits=limits)
        if cheapest(programme, (1, 1)) is None:
            return 0, 0
        if not windows:
            return 0, self.size
        try:
            return bounded(programme, windows, self.size)
        except TooLarge:
            return 0, self.size

    def _by_cells(self, limits: Limits, names: tuple[str, ...]) -> tuple[int, int]:
        """Bounds by rounded costs, which may find that nothing at all is inside."""
        grid = self.rounded(limits, names, _CELLS)
        try:
            found = self.cells(grid, limits, _CELLS_EFFORT)
        except TooLarge:
            return 0, self.size
        bounds = _bounds(found, names, limits)
        return int(bounds), bounds.high

    def cells(
        self,
        grid: Grid,
        limits: Limits,
        effort: int,
        exact: bool = False,
        prices: Sequence[Point] = (),
    ) -> Cells:
        """The cells that are about inside the limits. Raises TooLarge."""
        return self.spread(
            Programme(self.cases, grid, _EVEN, limits, exact, effort, narrow=True, prices=prices)
        )

    def nearest(self, name: str, bounds: tuple[int, int], others: Limits) -> int | None:
        """The cost `name` next to its bounds of the members that are inside the other limits.

        None where no member is, or where telling takes too long.
        """
        return Nearest(self, name, others).to(bounds)

    def names(self, limits: Limits) -> tuple[str, ...]:
        """The sums that limits bound in a way that keeps anything out."""
        return tuple(
            name for name in SUMS
            if name in limits
            and (limits[name][0] > self.bounds(name)[0] or limits[name][1] < self.bounds(name)[1])
        )  # fmt: skip

    def reachable(self, limits: Limits) -> bool:
        """Whether no limit is beyond all members."""
        return all(
            low <= self.bounds(name)[1] and high >= self.bounds(name)[0]
            for name, (low, high) in limits.items()
        )

    def capped(self, limits: Limits) -> dict[str, tuple[int, int]]:
        """Limits with no upper bound beyond all members, where numbers may not fit 64 bits."""
        return {
            name: (low, min(high, self.bounds(name)[1])) for name, (low, high) in limits.items()
        }

    def _exact(
        self, limits: Limits, names: tuple[str, ...], prices: Sequence[Point]
    ) -> Count | None:
        grid = self.exact_grid(limits, names)
        if grid is None:
            return None
        big = self.size >= EXACT_FLOAT
        effort = EXACT_EFFORT // (4 if len(names) > 1 else 1) if big else EFFORT
        try:
            found = self.cells(grid, limits, effort, big, prices)
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
        """What a part that is inside and one more, or an edge, can come to."""
        most = self.bounds(name)[1]
        if name not in limits:
            return most
        inside = limits[name][1]
        return min(most, inside + max(inside, int(getattr(self._edge, name))) + 1)

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
        programme = Programme(self.cases, NO_COSTS, exact=True)
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


_EVEN = Weighing()


def _bounds(found: Cells, names: tuple[str, ...], limits: Limits) -> Count:
    low = float(found.weights[found.certain(names, limits)].sum())
    high = float(found.weights[found.possible(names, limits)].sum())
    if high < EXACT_FLOAT:
        return Count(int(low), int(high))
    return Count(int(low * (1 - _FLOAT_ERROR)), int(high * (1 + _FLOAT_ERROR)))
