"""How many members of a space are inside a budget, and which costs there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from archdsl.amounts import Budget, maximal
from archdsl.spaces.bounds import bounded, least_within, window
from archdsl.spaces.circuit.algebras import size
from archdsl.spaces.circuit.circuit import Circuit
from archdsl.spaces.count import Count
from archdsl.spaces.histogram.grid import Grid
from archdsl.spaces.histogram.inside import Histograms
from archdsl.spaces.histogram.narrowing import Narrowing
from archdsl.spaces.histogram.sparse import TooLarge
from archdsl.spaces.histogram.tilt import LOST, log_total
from archdsl.spaces.members import CircuitMembers
from archdsl.spaces.next_cost import NextCost

EFFORT = 300_000_000
"""Sums that histograms may form: a few seconds. On metaformer_224, whose numbers are beyond it,
nothing changes at ten times as many; a space between the two would wait ten times as long."""

EXACT_EFFORT = 8_000_000
"""The same in Python's integers; a quarter of it where several costs are bounded, and less where
they have more than `_BITS`. At ten times as many, metaformer_224 below 2 G MACs takes 12 s instead
of 0.7 to find that it is too large, and gets the same bounds."""

_BITS = 1_024
"""Up to here a space of 2**2000 members in two chains of a thousand decisions is counted to the
last one; at ten times as many bits, 2**3420 members take a minute that floating point does not."""

EXACT_FLOAT = 1 << 53
"""Up to here floating point counts exactly."""

_FLOAT_ERROR = 1e-9
"""Of a sum of weights in floating point, as a share: bounds are moved apart by it."""

_CELLS = 1 << 12
"""Of rounded costs, where nothing else has found a member. On three narrow budgets of
metaformer_224 ten times as many and a tenth change no bound, nor do they of `_CELLS_EFFORT`."""

_CELLS_EFFORT = 60_000_000
"""Sums that their histograms may form."""


class Counting(CircuitMembers):
    """Counts the members of a space. Raises TooManyCases when it is made."""

    def count(self, limits: Budget) -> Count:
        """How many members are inside the limits: exactly, or between bounds."""
        if not self.reachable(limits):
            return Count(0)
        limits = self.capped(limits)
        for name in maximal():
            low, high = limits.get(name, (0, 0))
            if low > 0:  # those with no layer over the limit, less those with none that reaches it
                most = self.count(limits.replaced(name, 0, high))
                less = self.count(limits.replaced(name, 0, low - 1))
                return Count(max(0, int(most) - less.high), most.high - int(less))
        chosen = self.names(limits)
        if not chosen and not any(name in limits for name in maximal()):
            return Count(self.size)
        windows = [
            window(name, self.common(name), limits[name], self.bounds(name)) for name in chosen
        ]
        if any(one.low > one.high for one in windows):  # between two multiples of what divides all
            return Count(0)
        circuit = self.within(limits)
        if circuit.empty:
            return Count(0)
        if not chosen:
            return Count(size(circuit))
        prices = self._prices(circuit, limits, chosen)
        if prices is None:
            return Count(0)
        narrowing = Narrowing(circuit, chosen, limits, prices)
        exact = self._exact(circuit, limits, chosen, narrowing)
        if exact is not None:
            return exact
        try:
            low, high = bounded(circuit, windows, self.size)
        except TooLarge:
            grid = self.resolution.exact(limits, chosen)
            low, high = self._by_cells(circuit, limits, grid, EFFORT, narrowing)
        if low == 0:
            grid = self.resolution.rounded(limits, chosen, _CELLS)
            by_cells = self._by_cells(circuit, limits, grid, _CELLS_EFFORT, narrowing)
            low, high = max(low, by_cells[0]), min(high, by_cells[1])
        return Count(low, high)

    def _prices(
        self, circuit: Circuit, limits: Budget, chosen: Sequence[str]
    ) -> list[list[int]] | None:
        """Prices by which members come near several limits; None: none is inside all of them."""
        if len(chosen) < 2:
            return []
        name, *others = chosen
        found = []
        for sign, edge in ((1, limits[name][1]), (-1, -limits[name][0])):
            least = least_within(circuit, name, sign, limits.only(others))
            if least is None or least[0] > edge:
                return None
            found += self.priced(least[1])
        return found

    def _by_cells(
        self,
        circuit: Circuit,
        limits: Budget,
        grid: Grid | None,
        effort: int,
        narrowing: Narrowing | None,
    ) -> tuple[int, int]:
        """Bounds by floating point, on a grid that may be rounded: it may find that nothing at all
        is inside, and tells of any number of members."""
        if grid is None:
            return 0, self.size
        made = self.histograms(circuit, grid, limits, effort)
        made.narrowing = narrowing
        try:
            bounds = counted(made, limits)
        except TooLarge:
            return 0, self.size
        return int(bounds), bounds.high

    def cost_next_to(self, name: str, bounds: tuple[int, int], others: Budget) -> int | None:
        """The cost `name` next to its bounds of the members that are inside the other limits.

        None where no member is, or where telling takes too long.
        """
        return NextCost(self, name, others).to(bounds)

    def _exact(
        self, circuit: Circuit, limits: Budget, chosen: Sequence[str], narrowing: Narrowing
    ) -> Count | None:
        grid = self.resolution.exact(limits, chosen)
        if grid is None:
            return None
        big, bits = self.size >= EXACT_FLOAT, self.size.bit_length()
        effort = EFFORT
        if big:
            effort = EXACT_EFFORT // (4 if len(chosen) > 1 else 1) * _BITS // max(_BITS, bits)
        try:
            found = Histograms(circuit, grid, limits, big, effort, narrowing).spread()
        except TooLarge:
            return None
        return Count(int(found.kept[found.possible(chosen, limits)].sum()))


def counted(made: Histograms, limits: Budget) -> Count:
    """Bounds of how many members are inside, by their cells. Raises TooLarge."""
    found, chosen = made.spread(), made.grid.names
    possible = found.possible(chosen, limits)
    low, lowest = found.weights(found.certain(chosen, limits))
    high, highest = found.weights(possible)
    if made.rates is None and float(high.sum()) < EXACT_FLOAT and highest == 0:
        return Count(int(low.sum()), int(high.sum()))
    lost = 0
    if made.rates is not None and len(found.kept):
        total, _ = log_total(made.circuit, chosen, made.rates)
        ends = np.array([limits[name] for name in chosen], float).T
        most = total + np.maximum(*(ends * made.rates)).sum()
        lost = _integer(LOST, round(most / math.log(2)) + 1)
    return Count(
        _integer(float(low.sum()) * (1 - _FLOAT_ERROR), lowest),
        _integer(float(high.sum()) * (1 + _FLOAT_ERROR), highest) + lost,
    )


def _integer(number: float, exponent: int) -> int:
    """A number times two to the power of an exponent, without what it has beyond an integer."""
    return int(Fraction(number) * Fraction(2) ** exponent)
