"""Exact random samples."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from archdsl.study.propose.fixed import Fixed
from archdsl.study.propose.samplers.base import History
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.spaces import Space
    from archdsl.spaces.arguments import Measure
    from archdsl.spaces.drawing import Drawn

_TOGETHER = 8
"""Members that are drawn at once; the first is what is usually wanted."""

_IN_ALL = 10_000


class InsideBudget:
    """What every sampler draws from: the members of a space inside a budget.

    measure: by which `random` draws; fixed: answers that every member is to have
    """

    def __init__(
        self,
        space: Space,
        budget: Budget,
        measure: Measure = "stagewise",
        fixed: Fixed | None = None,
    ) -> None:
        self.space = space
        self.budget = budget
        self.measure = measure
        self.fixed = fixed or Fixed(space)


class Random(InsideBudget):
    """Members inside the budget by a measure, whatever was tried."""

    origin: Origin = "random"

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Independent draws."""
        drawing = self.fixed.drawing(self.budget, self.measure)
        for _ in range(_IN_ALL // _TOGETHER):
            found = False
            for drawn in drawing.members(_TOGETHER, draws):
                found = True
                yield drawn
            if not found:  # it has tried many times: the budget leaves next to nothing
                return


class Learning(InsideBudget):
    """A sampler that learns from what was tried, and draws at random where that leads nowhere."""

    @cached_property
    def random(self) -> Random:
        """Draws at random."""
        return Random(self.space, self.budget, self.measure, self.fixed)
