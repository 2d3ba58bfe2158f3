"""Decision by decision: what do the good have that the others have not?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.study.samplers.base import History, Seen, best_first
from archdsl.study.samplers.random import Random
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.spaces.drawing import Drawn
    from archdsl.spaces.space import Measure

STARTUP = 10
"""Successful trials before there is anything to learn from."""

GOOD = 0.2
"""The share of the trials that counts as good."""

CANDIDATES = 64
PRIOR = 1.0
"""What the uniform prior weighs, in trials."""

CELLS = 1 << 9

Densities = dict[str, dict[Any, float]]


class Tpe:
    """Densities of the good against the rest, as in TPE (Bergstra et al., 2011), on the tree of
    decisions, conditioned on the budget.

    Every decision has a weight for each answer, from how often the good trials that took the
    decision gave it. Candidates are drawn from the product of these weights *conditioned on the
    budget*, by the dynamic programme that draws at random too, and the one is tried that is
    likeliest among the good against the rest.
    """

    origin: Origin = "tpe"

    def __init__(self, space: Space, budget: Any, measure: Measure = "stagewise") -> None:
        self.space = space
        self.budget = budget
        self.random = Random(space, budget, measure)

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Candidates, the likeliest to be good first; then random ones."""
        trials = history.trials()
        order = best_first([scores for _, scores in trials])
        count = max(1, math.ceil(GOOD * len(order)))
        good = self._densities([trials[index][0] for index in order[:count]])
        rest = self._densities([trials[index][0] for index in order[count:]])
        drawing = self.space.drawing(self.budget, weights=good, cells=CELLS)
        candidates = list(drawing.members(CANDIDATES, draws))

        def ratio(drawn: Drawn) -> float:
            return sum(
                math.log(good[address][answer] / rest[address][answer])
                for address, answer in drawn.decisions.items()
            )

        yield from sorted(candidates, key=ratio, reverse=True)
        yield from self.random.propose(history, draws)

    def _densities(self, trials: list[Seen]) -> Densities:
        counts: dict[str, dict[Any, float]] = {}
        for seen in trials:
            for address, answer in seen.decisions.items():
                its = counts.setdefault(address, {})
                its[answer] = its.get(answer, 0.0) + 1.0
        return {
            address: _density(hole.answers, counts.get(address, {}))
            for address, hole in self.space.decisions.items()
        }


def _density(answers: tuple[Any, ...], counts: Mapping[Any, float]) -> dict[Any, float]:
    total = sum(counts.values()) + PRIOR
    return {answer: (counts.get(answer, 0.0) + PRIOR / len(answers)) / total for answer in answers}
