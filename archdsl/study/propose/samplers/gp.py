"""Gaussian process: what is believed of a member, from how alike it is to those that were tried."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from archdsl.study.propose.samplers.base import History, Seen, Trials
from archdsl.study.propose.samplers.gaussian import (
    HUGE,
    Codes,
    Floats,
    Lengths,
    Posterior,
    fitted,
    kernel,
    log_expected_improvement,
    standardised,
)
from archdsl.study.propose.samplers.indicators import Indicators
from archdsl.study.propose.samplers.random import Learning
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.spaces.drawing import Drawn

AT_RANDOM = 128
GUIDED = 256
"""Candidates: by the measure alone, and by each of `HEATS`."""

HEATS = ((0.1, False), (0.03, True), (0.01, False))
"""How the guided are drawn: a gain of so many standard deviations makes an answer e times as
frequent; and whether without a gain all members are drawn alike (which favours the deep), or all
answers. No single one does everywhere: at 0.1 alone candidates of many decisions are too far from
what is best, at 0.003 they are too few."""

BASES = 5
"""Trials around which the gain of an answer is looked at: those of which most is believed."""

KEPT = 8
KEPT_OF_TWO = 4
"""Trials for which lengths and the programme that candidates are drawn from are kept, with one
objective and with two; both take longer to make than all else. What is believed is made anew for
each."""

KEPT_OF_PENDING = 2
"""So much less often they are kept where trials are pending: what is known is behind already."""

LEARNT = 100
"""Of so many of the best trials and so many of the youngest the process knows at most: its cost
grows with the third power."""

MOST_PENDING = 1_800
"""Of so many pending trials at most, the youngest."""

AUGMENTED = 0.05
"""What the sum weighs beside the maximum where two objectives are made one."""

CELLS = 1 << 9
COLDEST = -30.0
HOTTEST = 600.0
"""Logarithms of weights: of one answer at least, and of all together at most."""


@dataclass(slots=True)
class _Guide:
    """What is kept for a few trials, and those that it follows from.

    tried: by number, a trial and how alike each candidate is to it
    """

    known: Trials
    lengths: Lengths
    candidates: list[Drawn]
    columns: Floats
    tried: dict[int, tuple[Seen, Floats]] = field(default_factory=dict)


class Gp(Learning):
    """Expected improvement (Jones et al., 1998) by a Gaussian process over the decisions.

    Two members correlate by the decisions in which they differ, each with a weight that is
    fitted; not to be asked is an answer of its own. Candidates are drawn *inside the budget*,
    some at random, and most from the product of weights that the process gives the answers: it
    is made additive around the best trials, and the more an answer gains there, the more often
    it is drawn. So the budget is divided among all decisions at once, which changing one
    decision after another does not.

    Of a pending trial it believes what it would expect of it, so that what is like it is known
    better, and no more is expected there than what is known of it gives.

    Two objectives are made one by weights that change every few trials, after ParEGO
    (Knowles, 2006).
    """

    origin: Origin = "gp"

    _guide: _Guide | None = None

    @cached_property
    def indicators(self) -> Indicators:
        """Members as rows of indicators."""
        return Indicators(self.space)

    @cached_property
    def _groups(self) -> np.ndarray:
        decisions = np.arange(len(self.indicators.sizes))
        return np.concatenate([np.repeat(decisions, self.indicators.sizes), decisions])

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Candidates, those of which most improvement is expected first; then random ones."""
        if self.space.decisions:
            yield from self._ranked(history)
        yield from self.random.propose(history, draws)

    def _ranked(self, history: History) -> Iterator[Drawn]:
        trials = history.trials()
        scores = np.array([scores for _, scores in trials], float)
        every = KEPT if scores.shape[1] == 1 else KEPT_OF_TWO
        known = history.settled(every // KEPT_OF_PENDING if history.pending else every)
        direction = len(known)
        guide = self._guided(known, direction)
        if not guide.candidates:
            return
        values = as_one(scores, direction)
        chosen = informative(values)
        seen = [trials[index][0] for index in chosen]
        columns = self._columns(seen)
        belief = Posterior(self._groups, guide.lengths, columns, standardised(values[chosen]))
        alike = self._alike(guide, seen, columns)
        if history.pending:
            pending = self._with_unasked(self.indicators.of(history.pending[-MOST_PENDING:]))
            belief = belief.believing(pending)
            weights = guide.lengths.weights
            alike = np.vstack([alike, kernel(self._groups, weights, pending, guide.columns)])
        means, deviations = belief.given(alike)
        worth = log_expected_improvement(means, deviations, float(belief.known.max()))
        for index in np.argsort(-worth, kind="stable").tolist():
            yield guide.candidates[index]

    def _alike(self, guide: _Guide, seen: list[Seen], columns: Floats) -> Floats:
        """How alike trials are to the candidates, (trials, candidates), looked at once."""
        tried = {
            one.number: guide.tried[one.number] for one in seen
            if one.number in guide.tried and guide.tried[one.number][0] is one
        }  # fmt: skip
        new = [row for row, one in enumerate(seen) if one.number not in tried]
        if new:
            found = kernel(self._groups, guide.lengths.weights, columns[new], guide.columns)
            for row, alike in zip(new, found, strict=True):
                tried[seen[row].number] = seen[row], alike
        guide.tried = tried
        return np.array([tried[one.number][1] for one in seen])

    def _guided(self, known: Trials, direction: int) -> _Guide:
        """Lengths and candidates, as they were a few trials ago at most.

        They follow from the trials that they were learnt from, and not from which trial asks.
        """
        if self._guide is None or self._guide.known != known:
            values = as_one(np.array([scores for _, scores in known], float), direction)
            chosen = informative(values)
            columns = self._columns([known[index][0] for index in chosen])
            learnt = standardised(values[chosen])
            lengths = fitted(self._groups, columns, learnt)
            belief = Posterior(self._groups, lengths, columns, learnt)
            best = np.argsort(-belief.known, kind="stable")[:BASES]
            gains = self._gains(columns, belief.effects(columns[best]))
            draws = np.random.default_rng(zlib.crc32(bytes(columns) + bytes(values)))
            found = list(self.fixed.drawing(self.budget, self.measure).members(AT_RANDOM, draws))
            for heat, even in HEATS:
                weights = self.indicators.by_address(self._weights(gains / heat, even))
                drawing = self.fixed.drawing(self.budget, weights=weights, cells=CELLS)
                found.extend(drawing.members(GUIDED, draws))
            places = {frozenset(one.decisions.items()): at for at, one in enumerate(found)}
            for seen, _ in known:
                places.pop(frozenset(seen.decisions.items()), None)
            candidates = [found[at] for at in sorted(places.values())]
            rows = self._with_unasked(self.indicators.of(one.decisions for one in candidates))
            self._guide = _Guide(known, lengths, candidates, rows)
        return self._guide

    def _columns(self, seen: list[Seen]) -> Floats:
        return self._with_unasked(self.indicators.of_trials(seen))

    def _with_unasked(self, asked: Floats) -> Floats:
        """A column more for each decision: 1 where it is not taken."""
        taken = np.add.reduceat(asked, self.indicators.begins, axis=1)
        return np.hstack([asked, 1 - taken])

    def _gains(self, columns: Floats, effects: Floats) -> Floats:
        """(A,) what each answer gains over what it is to be compared with."""
        begins, sizes = self.indicators.begins, self.indicators.sizes
        count = len(begins)
        answers, unasked = effects[:-count], effects[-count:]
        # in a product of weights a decision that is not taken counts 1, so that gains are over
        # that; one that all take has nothing of the kind to compare with, and needs none
        optional = columns[:, -count:].any(axis=0)
        base = np.where(optional, unasked, np.maximum.reduceat(answers, begins))
        return np.asarray(answers - np.repeat(base, sizes))

    def _weights(self, logs: Floats, even: bool) -> Floats:
        """(A,) how often each answer is to be drawn.

        even: as if otherwise every member were drawn alike; else every answer of a decision
        """
        sizes = self.indicators.sizes
        weights = np.exp(np.clip(logs, COLDEST, HOTTEST / len(sizes)))
        return weights if even else np.asarray(weights / np.repeat(sizes, sizes))


def informative(values: Floats) -> Codes:
    """Which trials to learn from, in their order: the best and the youngest."""
    if len(values) <= 2 * LEARNT:
        return np.arange(len(values))
    old = len(values) - LEARNT
    best = np.argsort(-values[:old], kind="stable")[:LEARNT]
    return np.concatenate([np.sort(best), np.arange(old, len(values))])


def as_one(scores: Floats, direction: int) -> Floats:
    """One value for each trial; of two objectives by an augmented Chebyshev norm.

    direction: two objectives are weighed otherwise for each, at random
    """
    if scores.shape[1] == 1:
        return scores[:, 0]
    scores = scores / np.maximum(1.0, np.abs(scores).max(axis=0) / HUGE)
    span = np.ptp(scores, axis=0)
    lost = (scores.max(axis=0) - scores) / np.where(span > 0, span, 1.0)
    shares = np.random.default_rng(direction).dirichlet(np.ones(scores.shape[1]))
    weighed = lost * shares
    return np.asarray(-weighed.max(axis=1) - AUGMENTED * weighed.sum(axis=1))
