"""Random members inside a budget, each exactly as often as it weighs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archdsl.settings import COSTS
from archdsl.spaces.budget import inside
from archdsl.spaces.counting import Counting
from archdsl.spaces.distribution import TooLarge
from archdsl.spaces.programme import Limits, Programme, Weighing
from archdsl.spaces.trace import BATCH, Traced, Tracer, traced

if TYPE_CHECKING:
    from archdsl.spec.holes import Answer

EFFORT = 20_000_000
"""Sums that an exact programme may form; a rounded one draws as exactly and is made sooner."""

_SLICES = 8
"""Cells across the narrowest window of a budget."""

_MOST_CELLS = 1 << 16
_FUTILE = 40
"""Batches without a member inside before the grid is made finer."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A member: its answers, and what it costs exactly."""

    decisions: dict[str, Answer]
    costs: dict[str, int]


class Drawing:
    """Draws members inside limits, by weight.

    cells: how finely costs are rounded at least; a coarse grid is made sooner and draws more
        candidates in vain
    drawn, tried: members that came out, and candidates that were looked at for them
    """

    def __init__(
        self, counting: Counting, limits: Limits, weighing: Weighing, cells: int = 1 << 11
    ) -> None:
        self.counting = counting
        self.limits = limits
        self.drawn = self.tried = 0
        self._names = counting.names(limits)
        self._weighing = weighing
        self._cells = cells
        self._prepare(self._grid(cells))

    @property
    def acceptance(self) -> float:
        """The share of candidates that were inside by the exact integers."""
        return self.drawn / self.tried if self.tried else 1.0

    @property
    def possible(self) -> bool:
        """Whether anything may be inside; false is certain."""
        return self._total > 0

    def members(self, count: int, draws: np.random.Generator) -> Iterator[Drawn]:
        """`count` members, independent of each other; none where nothing is inside.

        Ends early where many candidates in a row were outside and no finer grid helps: the
        budget leaves next to nothing, or nothing.
        """
        left, futile, tried = count, 0, 0
        while left and self.possible:
            # from this call alone: what is drawn must not hang on what was drawn before
            share = max(0.01, (count - left) / tried) if tried else 1.0
            batch = self._batch(min(BATCH, max(8, round(1.3 * left / share))), draws)
            found = [Drawn(*pair) for pair in zip(batch.answers(), _costs(batch), strict=True)]
            kept = [drawn for drawn in found if inside(drawn.costs, self.limits)]
            tried += len(found)
            self.tried += len(found)
            self.drawn += len(kept)
            yield from kept[:left]
            left -= min(left, len(kept))
            futile = 0 if kept else futile + 1
            if futile >= _FUTILE:
                if self._cells >= _MOST_CELLS or self._programme.grid.finer == 1:
                    return
                self._cells, futile = self._cells * 8, 0
                self._prepare(None)

    def _grid(self, cells: int) -> Programme | None:
        """An exact programme, where one is made soon."""
        effort = EFFORT * cells >> 11
        grid = self.counting.exact_grid(self.limits, self._names)
        if grid is None or not self.counting.soon(grid, self.limits, effort):
            return None
        programme = Programme(self.counting.cases, grid, self._weighing, self.limits, effort=effort)
        try:
            self._found = self.counting.spread(programme)
        except TooLarge:
            return None
        return programme

    def _prepare(self, programme: Programme | None) -> None:
        if programme is None:
            grid = self.counting.rounded(self.limits, self._names, self._fine())
            programme = Programme(self.counting.cases, grid, self._weighing, self.limits)
            self._found = self.counting.spread(programme)
        self._programme = programme
        self._tracer = Tracer(programme)
        self._places = np.flatnonzero(self._found.possible(self._names, self.limits))
        sums = np.cumsum(self._found.weights[self._places])
        self._total = float(sums[-1]) if len(sums) else 0.0
        self._sums = sums

    def _fine(self) -> int:
        """Cells enough that a window is several of them wide."""
        cells = self._cells
        for name in self._names:
            low, high = self.limits[name]
            if low > 0:
                cells = max(cells, _SLICES * high // max(1, high - low))
        return min(cells, _MOST_CELLS)

    def _batch(self, count: int, draws: np.random.Generator) -> Traced:
        goals = np.minimum(draws.random(count) * self._total, np.nextafter(self._total, 0))
        chosen = self._places[np.searchsorted(self._sums, goals, side="right")]
        into = traced(count)
        cases = self._found.case[chosen]
        for index in np.unique(cases).tolist():
            who = np.flatnonzero(cases == index)
            keys = self._found.keys[chosen[who]]
            self._tracer.walk(self.counting.cases[index], keys, who, into, draws)
        return into


def _costs(batch: Traced) -> list[dict[str, int]]:
    return [dict(zip(COSTS, amounts, strict=True)) for amounts in batch.amounts.tolist()]
