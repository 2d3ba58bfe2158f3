"""Decision by decision: what do the good have that the others have not?"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.study.propose.fingerprints import answered
from archdsl.study.propose.samplers.base import History, Trials, best_first
from archdsl.study.propose.samplers.indicators import Indicators, Matrix
from archdsl.study.propose.samplers.random import Learning
from archdsl.study.propose.seeds import number
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.spaces.drawing import Drawn

GOOD = 0.2
"""The share of the trials that counts as good."""

MOST_GOOD = 10
"""How many trials count as good at most."""

CANDIDATES = 512
KEPT = 8
"""Trials that candidates are kept for, or more (`History.settled`), as drawing them takes longer
than all else; they are ranked anew for each."""

PRIOR = 1.0
"""What the uniform prior weighs, in trials."""

CELLS = 1 << 9


class Tpe(Learning):
    """Densities of the good against the rest, as in TPE (Bergstra et al., 2011), on the tree of
    decisions, conditioned on the budget.

    Every decision has a weight for each answer, from how often the good trials that took the
    decision gave it. Candidates are drawn from the product of these weights *conditioned on the
    budget*, by the dynamic programme that draws at random too, and the one is tried that is
    likeliest among the good against the rest. A pending trial counts with the rest.
    """

    origin: Origin = "tpe"

    _candidates: tuple[Trials, list[Drawn], Matrix] | None = None
    _last: tuple[Trials, Matrix] | None = None

    @cached_property
    def indicators(self) -> Indicators:
        """Members as rows of indicators."""
        return Indicators(self.space)

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Candidates, the likeliest to be good first; then random ones."""
        trials = history.trials()
        candidates, rows = self._drawn(history.settled(KEPT))
        counts = self._good(trials)
        rest = self._counted(trials) - counts + self._count(history.pending)
        good, rest = self._density(counts), self._density(rest)
        for index in np.argsort(-(rows @ (good - rest)), kind="stable").tolist():
            yield candidates[index]
        yield from self.random.propose(history, draws)

    def _drawn(self, known: Trials) -> tuple[list[Drawn], Matrix]:
        """Members from the density of the good, which follow from the trials that it follows from.

        Whether they were kept, or are drawn again after a search went on, makes no difference.
        """
        if self._candidates is None or self._candidates[0] != known:
            weights = self.indicators.by_address(np.exp(self._density(self._good(known))))
            drawing = self.fixed.drawing(self.budget, weights=weights, cells=CELLS)
            told = [(seen.number, *map(float, scores)) for seen, scores in known]
            seed = number("tpe", str(told), str(answered(known[-1][0].decisions)))
            found = drawing.members(CANDIDATES, np.random.default_rng(seed))
            tried = {answered(seen.decisions) for seen, _ in known}
            new = {key: one for one in found if (key := answered(one.decisions)) not in tried}
            drawn = list(new.values())
            self._candidates = known, drawn, self.indicators.of(one.decisions for one in drawn)
        return self._candidates[1:]

    def _good(self, trials: Trials) -> Matrix:
        """How often the good gave each answer (A,)."""
        order = best_first([scores for _, scores in trials])
        count = min(MOST_GOOD, max(1, math.ceil(GOOD * len(order))))
        return self._count([trials[index][0].decisions for index in order[:count]])

    def _counted(self, trials: Trials) -> Matrix:
        """How often all gave each answer, counted on from the trials that were counted last."""
        before, counts = self._last or ([], self._count([]))
        if trials[: len(before)] != before:
            before, counts = [], self._count([])
        counts = counts + self._count([seen.decisions for seen, _ in trials[len(before) :]])
        self._last = trials, counts
        return counts

    def _count(self, members: Sequence[Mapping[str, Any]]) -> Matrix:
        return np.asarray(self.indicators.of(members).sum(axis=0))

    def _density(self, counts: Matrix) -> Matrix:
        """Log density of answers that were given so often."""
        sizes = np.repeat(self.indicators.sizes, self.indicators.sizes)
        counts = counts + PRIOR / sizes
        totals = np.add.reduceat(counts, self.indicators.begins)
        return np.asarray(np.log(counts / np.repeat(totals, self.indicators.sizes)))
