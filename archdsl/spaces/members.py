"""All members of a space by their costs: what bounds them, and the cells that they fall into."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.amounts import Budget, additive, names
from archdsl.spaces.circuit.algebras import interval, size
from archdsl.spaces.circuit.building import compiled
from archdsl.spaces.circuit.circuit import Circuit
from archdsl.spaces.histogram.grid import Grid, Resolution, reach_of
from archdsl.spaces.histogram.inside import Histograms
from archdsl.spaces.histogram.sparse import TooLarge
from archdsl.spaces.histogram.tilt import rates_for

if TYPE_CHECKING:
    from archdsl.spaces.table import Table


VAST_BITS = 900
"""Of a number of members, above which floating point may not span their histograms: it has 1,023
above 1. With ten times as many, 2**2000 members lose those at the end of a histogram, and bounds
are wrong; with a tenth, 2**480 members take 0.4 s instead of 0.1."""


class CircuitMembers:
    """The members of a space, given its table. Raises TooManyCases when it is made.

    circuit: all of them; resolution: the grids that their costs are told on
    """

    def __init__(self, table: Table) -> None:
        self.circuit = compiled(table)
        self.size = size(self.circuit)
        found = interval(self.circuit)
        assert found is not None, "a space has a member"
        ends = zip(found[0].tolist(), found[1].tolist(), strict=True)
        self._bounds: dict[str, tuple[int, int]] = dict(zip(names(), ends, strict=True))
        self._reach = reach_of(self.circuit, self._bounds)
        self.resolution = Resolution(self._reach)
        self._soon: dict[tuple[Grid, Budget, int], bool] = {}

    def bounds(self, name: str) -> tuple[int, int]:
        """The smallest and the largest cost `name` of all members."""
        return self._bounds[name]

    def common(self, name: str) -> int:
        """What divides an additive cost of every part, and so of every member."""
        return self._reach.common[name]

    def names(self, limits: Budget) -> tuple[str, ...]:
        """The additive costs that limits bound in a way that keeps anything out."""
        return tuple(
            name for name in additive()
            if name in limits
            and (limits[name][0] > self.bounds(name)[0] or limits[name][1] < self.bounds(name)[1])
        )  # fmt: skip

    def reachable(self, limits: Budget) -> bool:
        """Whether no limit is beyond all members."""
        return all(
            low <= self.bounds(name)[1] and high >= self.bounds(name)[0]
            for name, (low, high) in limits.items()
        )

    def capped(self, limits: Budget) -> Budget:
        """Budget with no upper bound beyond all members, where numbers may not fit 64 bits."""
        return Budget(
            {name: (low, min(high, self.bounds(name)[1])) for name, (low, high) in limits.items()}
        )

    def within(self, limits: Budget) -> Circuit:
        """The members without those of which one leaf is over a limit by itself."""
        return self.circuit.within(self.capped(limits))

    def exact_soon(self, limits: Budget, effort: int) -> Grid | None:
        """The exact grid, where histograms without weights take no more effort: those with
        weights take more."""
        grid = self.resolution.exact(limits, self.names(limits))
        if grid is None:
            return None
        key = grid, limits, effort
        if key not in self._soon:
            try:
                Histograms(self.within(limits), grid, limits, effort=effort).spread()
            except TooLarge:
                self._soon[key] = False
            else:
                self._soon[key] = True
        return grid if self._soon[key] else None

    def histograms(
        self, circuit: Circuit, grid: Grid, limits: Budget, effort: int = 1 << 40
    ) -> Histograms:
        """Histograms of a circuit's members, or of as many as weights have left of them."""
        bits = self.size.bit_length()
        rates = rates_for(circuit, grid.names, limits, bits) if bits > VAST_BITS else None
        return Histograms(circuit, grid, limits, effort=effort, rates=rates)

    def priced(self, prices: dict[str, int]) -> list[list[int]]:
        """Prices of all additive costs, with what they come to far below 63 bits; none where all
        is about one cost."""
        largest = max(self.bounds(name)[1] for name in prices)
        most = max(map(abs, prices.values()))
        shift = max(0, (most * largest).bit_length() - 58)
        rounded = {name: price >> shift for name, price in prices.items()}
        if sum(price != 0 for price in rounded.values()) < 2:
            return []
        return [[rounded.get(name, 0) for name in additive()]]
