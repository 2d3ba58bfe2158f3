"""Exact random samples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from archdsl.study.samplers.base import History
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.spaces import Space
    from archdsl.spaces.arguments import Measure
    from archdsl.spaces.drawing import Drawn

_TOGETHER = 8
"""Members that are drawn at once; the first is what is usually wanted."""

_IN_ALL = 10_000


class Random:
    """Members inside the budget by a measure, whatever was tried."""

    origin: Origin = "random"

    def __init__(self, space: Space, budget: Budget, measure: Measure = "stagewise") -> None:
        self.space = space
        self.budget = budget
        self.measure = measure

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Independent draws."""
        drawing = self.space.drawing(self.budget, self.measure)
        for _ in range(_IN_ALL // _TOGETHER):
            yield from drawing.members(_TOGETHER, draws)
