"""Random members inside a budget, each exactly as often as it weighs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archdsl.amounts import Budget, bounded
from archdsl.amounts.arrays import columns
from archdsl.spaces.circuit.circuit import Weights, weighted
from archdsl.spaces.histogram.grid import MOST_CELLS
from archdsl.spaces.histogram.inside import Histograms
from archdsl.spaces.histogram.sparse import TooLarge
from archdsl.spaces.histogram.walk import BATCH, TracedMembers, Walk, traced
from archdsl.spaces.members import CircuitMembers

if TYPE_CHECKING:
    from archdsl.language.holes import Answer

EFFORT = 20_000_000
"""Sums that exact histograms may form; rounded ones draw as exactly and are made sooner: on
metaformer_224 below 2 G MACs, ten times as many take 2.4 s instead of 0.6 and draw no faster."""

_FUTILE = 40
"""Batches without a member inside before the grid is made finer, or no more are drawn. On
metaformer_224 with 1.98 to 1.9800002 G MACs these are 15,000 candidates in 4 s, and a tenth as many
1,200 in 0.5 s; with 1.980002 G a tenth is enough for each of four draws."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A member: its answers, and what it costs exactly."""

    decisions: dict[str, Answer]
    costs: dict[str, int]


class Draws:
    """Draws members inside limits, by weight.

    cells: how finely costs are rounded at least; a coarse grid is made sooner and draws more
        candidates in vain
    drawn, tried: members that came out, and candidates that were looked at for them
    """

    def __init__(
        self, members: CircuitMembers, limits: Budget, weights: Weights, cells: int = 1 << 11
    ) -> None:
        self.limits = limits
        self.drawn = self.tried = 0
        self._all = members
        self._names = members.names(limits)
        self._circuit = weighted(members.within(limits), weights)
        self._cells = cells
        self._prepare(self._exact(cells))

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
            # from this call alone: what is drawn must not depend on what was drawn before
            share = max(0.01, (count - left) / tried) if tried else 1.0
            batch = self._batch(min(BATCH, max(8, round(1.3 * left / share))), draws)
            found = [Drawn(*pair) for pair in zip(batch.answers(), _costs(batch), strict=True)]
            kept = [drawn for drawn in found if self.limits.allows(drawn.costs)]
            tried += len(found)
            self.tried += len(found)
            self.drawn += len(kept)
            yield from kept[:left]
            left -= min(left, len(kept))
            futile = 0 if kept else futile + 1
            if futile >= _FUTILE:
                if self._cells >= MOST_CELLS or self._grid.finer == 1:
                    return
                self._cells, futile = self._cells * 8, 0
                self._prepare(None)

    def _exact(self, cells: int) -> Histograms | None:
        """Exact histograms, where they are made soon."""
        effort = EFFORT * cells >> 11
        grid = self._all.exact_soon(self.limits, effort)
        if grid is None:
            return None
        made = self._all.histograms(self._circuit, grid, self.limits, effort)
        try:
            self._found = made.spread()
        except TooLarge:
            return None
        return made

    def _prepare(self, made: Histograms | None) -> None:
        if made is None:
            fine = self._all.resolution.fine(self.limits, self._names, self._cells)
            grid = self._all.resolution.rounded(self.limits, self._names, fine)
            made = self._all.histograms(self._circuit, grid, self.limits)
            self._found = made.spread()
        self._grid = made.grid
        self._walk = Walk(made)
        self._places = np.flatnonzero(self._found.possible(self._names, self.limits))
        sums = np.cumsum(self._found.weights(self._places)[0])
        self._total = float(sums[-1]) if len(sums) else 0.0
        self._sums = sums

    def _batch(self, count: int, draws: np.random.Generator) -> TracedMembers:
        goals = np.minimum(draws.random(count) * self._total, np.nextafter(self._total, 0))
        chosen = self._places[np.searchsorted(self._sums, goals, side="right")]
        into = traced(count)
        edges = self._found.edge[chosen]
        for edge in np.unique(edges).tolist():
            who = np.flatnonzero(edges == edge)
            self._walk.down(edge, self._found.keys[chosen[who]], who, into, draws)
        return into


def _costs(batch: TracedMembers) -> list[dict[str, int]]:
    told = bounded()
    rows = columns(batch.amounts, told).tolist()
    return [dict(zip(told, amounts, strict=True)) for amounts in rows]
