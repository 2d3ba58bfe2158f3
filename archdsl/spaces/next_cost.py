"""The cost next to a budget that nothing fits."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from archdsl.amounts import Budget, additive, maximal
from archdsl.amounts.arrays import Ints
from archdsl.spaces.bounds import least_within
from archdsl.spaces.histogram.inside import Histograms
from archdsl.spaces.histogram.narrowing import Narrowing
from archdsl.spaces.histogram.sparse import TooLarge
from archdsl.spaces.members import CircuitMembers

EFFORT = 2_000_000
"""Sums for one look. On metaformer_224, two budgets that nothing fits take 1.6 s; with ten times as
many 4.8 s for the same costs, and with a tenth 3.8 s, and one cost of three is not found."""

_LOOKS = 24
"""For those two budgets ten times as many find the same, and with two looks two costs of three
are not found."""


class NextCost:
    """Looks outwards from the bounds of a cost, among the members inside other limits."""

    def __init__(self, members: CircuitMembers, name: str, others: Budget) -> None:
        self.members = members
        self.name = name
        self.others = members.capped(others)

    def to(self, bounds: tuple[int, int]) -> int | None:
        """The cost next to its bounds, or None where there is none or telling takes too long."""
        if self.name not in additive() or not self.members.reachable(self.others):
            return None
        if any(name in self.others and self.others[name][0] > 0 for name in maximal()):
            return None
        least, most = self.members.bounds(self.name)
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

    def _nothing_nearer(self, bounds: tuple[int, int]) -> tuple[int, list[list[int]]]:
        """A distance at which no member is, nor any closer; -1 for none, as inside is 0.

        Also the prices that say so.
        """
        others = self.others.only(self.members.names(self.others))
        circuit = self.members.within(self.others)
        least, most = (least_within(circuit, self.name, sign, others) for sign in (1, -1))
        if least is None or most is None:
            return -1, []
        near = []
        if -most[0] > bounds[1]:  # some member may be on this side
            near.append(max(-1, least[0] - bounds[1] - 1))
        if least[0] < bounds[0]:
            near.append(max(-1, bounds[0] + most[0] - 1))
        return min(near, default=-1), [
            *self.members.priced(least[1]),
            *self.members.priced(most[1]),
        ]

    def _around(
        self, bounds: tuple[int, int], reach: tuple[int, int], prices: Sequence[Sequence[int]]
    ) -> Ints:
        """The costs that are further from their bounds than one, and no further than another."""
        near, far = reach
        low, high = bounds
        others = self.members.names(self.others)
        names = tuple(one for one in additive() if one == self.name or one in others)
        priced = prices if len(names) > 1 else ()
        costs = []
        sides = [(low - far, low - near - 1), (high + near + 1, high + far)]
        for first, last in sides if near >= 0 else [(low - far, high + far)]:
            limits = self.others.replaced(self.name, first, last)
            if first > last or not self.members.reachable(limits):
                continue
            grid = self.members.resolution.exact(limits, names)
            circuit = self.members.within(limits)
            if grid is None:
                raise TooLarge
            if circuit.empty:
                continue
            narrowing = Narrowing(circuit, names, limits, priced)
            made = Histograms(circuit, grid, limits, effort=EFFORT, narrowing=narrowing)
            found = made.spread()
            here = found.low[found.possible(names, limits)]
            costs.append(here[:, names.index(self.name)])
        return np.concatenate(costs) if costs else np.zeros(0, np.int64)
