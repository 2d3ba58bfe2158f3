"""Decision by decision: what do the good have that the others have not?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archdsl.study.samplers.base import History, Seen, best_first
from archdsl.study.samplers.random import Random
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.spaces.drawing import Drawing, Drawn
    from archdsl.spaces.rejecting import Rejecting
    from archdsl.spaces.space import Measure

GOOD = 0.2
"""The share of the trials that counts as good."""

MOST_GOOD = 10
"""How many trials count as good at most."""

CANDIDATES = 64
PRIOR = 1.0
"""What the uniform prior weighs, in trials."""

CELLS = 1 << 9
KEPT = 8
"""Trials for which the programme that candidates are drawn from is kept; it takes longer to make
than all else. The ranking is made anew for each."""

Logs = NDArray[np.float64]


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
        self._places: dict[tuple[str, Any], int] = {}
        sizes = []
        for address, hole in space.decisions.items():
            answers = dict.fromkeys(hole.answers)
            for answer in answers:
                self._places[address, answer] = len(self._places)
            sizes.extend([len(answers)] * len(answers))
        self._sizes = np.array(sizes, float)
        self._begins = np.flatnonzero(np.r_[True, [a != b for a, b in self._neighbours()]])
        self._rows: dict[int, tuple[Seen, NDArray[np.int64]]] = {}
        self._drawing: tuple[int, Drawing | Rejecting] | None = None

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Candidates, the likeliest to be good first; then random ones."""
        trials = history.trials()
        good, rest = self._split(trials)
        ratio = good - rest
        candidates = list(self._conditioned(trials).members(CANDIDATES, draws))
        scores = [float(ratio[self._row(drawn.decisions)].sum()) for drawn in candidates]
        for index in sorted(range(len(scores)), key=lambda i: -scores[i]):
            yield candidates[index]
        yield from self.random.propose(history, draws)

    def _conditioned(self, trials: list[tuple[Seen, Any]]) -> Drawing | Rejecting:
        """Draws from the densities of the good, as they were a few trials ago at most."""
        known = len(trials) - len(trials) % KEPT if len(trials) > KEPT else len(trials)
        if self._drawing is None or self._drawing[0] != known:
            density = np.exp(self._split(trials[:known])[0]).tolist()
            weights: dict[str, dict[Any, float]] = {}
            for (address, answer), place in self._places.items():
                weights.setdefault(address, {})[answer] = density[place]
            self._drawing = known, self.space.drawing(self.budget, weights=weights, cells=CELLS)
        return self._drawing[1]

    def _split(self, trials: list[tuple[Seen, Any]]) -> tuple[Logs, Logs]:
        """Log densities of the good and of the rest, an entry for each answer of each decision."""
        order = best_first([scores for _, scores in trials])
        count = min(MOST_GOOD, max(1, math.ceil(GOOD * len(order))))
        rows = [self._row_of(seen) for seen, _ in trials]
        return (
            self._density([rows[i] for i in order[:count]]),
            self._density([rows[i] for i in order[count:]]),
        )

    def _density(self, rows: list[NDArray[np.int64]]) -> Logs:
        together = np.concatenate(rows) if rows else np.zeros(0, np.int64)
        counts = np.bincount(together, minlength=len(self._sizes)) + PRIOR / self._sizes
        totals = np.add.reduceat(counts, self._begins)
        widths = np.diff(np.r_[self._begins, len(counts)])
        return np.asarray(np.log(counts / np.repeat(totals, widths)))

    def _neighbours(self) -> Iterator[tuple[str, str]]:
        addresses = [address for address, _ in self._places]
        return pairwise(addresses)

    def _row_of(self, seen: Seen) -> NDArray[np.int64]:
        """The answers of a trial as places, remembered."""
        known = self._rows.get(seen.number)
        if known is None or known[0] is not seen:
            known = self._rows[seen.number] = seen, self._row(seen.decisions)
        return known[1]

    def _row(self, decisions: Any) -> NDArray[np.int64]:
        return np.array([self._places[item] for item in decisions.items()], np.int64)
