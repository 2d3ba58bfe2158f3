"""The cost next to a budget that nothing fits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archdsl.spaces.distribution import TooLarge
from archdsl.spaces.grid import NO_COSTS, SUMS, Ints
from archdsl.spaces.hull import Point, least_within
from archdsl.spaces.programme import Limits, Programme

if TYPE_CHECKING:
    from archdsl.spaces.counting import Counting

EFFORT = 2_000_000
"""Sums for one look."""

_LOOKS = 24


class Nearest:
    """Looks outwards from the bounds of a cost, among the members inside other limits."""

    def __init__(self, counting: Counting, name: str, others: Limits) -> None:
        self.counting = counting
        self.name = name
        self.others = counting.capped(others)

    def to(self, bounds: tuple[int, int]) -> int | None:
        """The cost next to its bounds, or None where there is none or telling takes too long."""
        if self.name not in SUMS or not self.counting.reachable(self.others):
            return None
        if "activations" in self.others and self.others["activations"][0] > 0:
            return None
        least, most = self.counting.bounds(self.name)
        # what lies further out is no nearer to any member, and may not fit 64 bits
        bounds = max(least - 1, min(bounds[0], most + 1)), max(least - 1, min(bounds[1], most + 1))
        end = max(0, bounds[0] - least, most - bounds[1])
        # nothing is as close as `near`; where there is too much to look at, it is cut in halves
        near, prices = self._nothing_nearer(bounds)
        far, step, cut = end, max(1, end >> 10), False
        for _ in range(_LOOKS):
            distance = min(near + step, (near + far) // 2 if cut else far)
            try:
                costs = self._around(bounds, (near, distance), prices)
            except TooLarge:
                if distance <= near + 1:
                    return None
                far, cut = distance, True
                continue
            if len(costs):
                away = np.maximum(0, np.maximum(costs - bounds[1], bounds[0] - costs))
                return int(costs[np.argmin(away)])
            if distance >= end:
                return None
            near, step = distance, 4 * step
        return None

    def _nothing_nearer(self, bounds: tuple[int, int]) -> tuple[int, list[Point]]:
        """A distance at which no member is, nor any closer; -1 for none, as inside is 0.

        Also the prices that say so.
        """
        [other] = [one for one in SUMS if one != self.name]
        limits = self.others.get(other, self.counting.bounds(other))
        programme = Programme(self.counting.cases, NO_COSTS, limits=self.others)
        cost = SUMS.index(self.name)
        least, most = (least_within(programme, cost, sign, limits) for sign in (1, -1))
        if least is None or most is None:
            return -1, []
        near = []
        if -most[0] > bounds[1]:  # some member may be on this side
            near.append(max(-1, least[0] - bounds[1] - 1))
        if least[0] < bounds[0]:
            near.append(max(-1, bounds[0] + most[0] - 1))
        return min(near, default=-1), [
            *self.counting.priced(least[1]),
            *self.counting.priced(most[1]),
        ]

    def _around(
        self, bounds: tuple[int, int], reach: tuple[int, int], prices: Sequence[Point]
    ) -> Ints:
        """The costs that are further from their bounds than one, and no further than another."""
        near, far = reach
        low, high = bounds
        others = self.counting.names(self.others)
        names = tuple(one for one in SUMS if one == self.name or one in others)
        priced = prices if len(names) > 1 else ()
        costs = []
        sides = [(low - far, low - near - 1), (high + near + 1, high + far)]
        for first, last in sides if near >= 0 else [(low - far, high + far)]:
            limits = {**self.others, self.name: (first, last)}
            if first > last or not self.counting.reachable(limits):
                continue
            grid = self.counting.exact_grid(limits, names)
            if grid is None:
                raise TooLarge
            found = self.counting.cells(grid, limits, EFFORT, prices=priced)
            here = found.low[found.possible(names, limits)]
            costs.append(here[:, names.index(self.name)])
        return np.concatenate(costs) if costs else np.zeros(0, np.int64)
