"""Gaussian process: what is believed of a member, from how alike it is to those that were tried."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from archdsl.study.samplers.base import History, Scores, Seen
from archdsl.study.samplers.gaussian import (
    Alike,
    Codes,
    Floats,
    Lengths,
    Posterior,
    fitted,
    log_expected_improvement,
    standardised,
)
from archdsl.study.samplers.random import Random
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.spaces.drawing import Drawn
    from archdsl.spaces.space import Measure

AT_RANDOM = 128
GUIDED = 512
"""Candidates: by the measure alone, and where the process expects much."""

HEATS = ((0.1, True), (0.1, False))
"""A gain of this many standard deviations makes an answer e times as frequent among the guided."""

BASES = 5
"""Trials around which the gain of an answer is looked at: those of which most is believed."""

KEPT = 8
KEPT_OF_TWO = 2
"""Trials for which lengths and the programme that candidates are drawn from are kept, with one
objective and with two; both take longer to make than all else. What is believed is made anew for
each."""

LEARNT = 150
"""Of so many of the best trials and so many of the youngest the process knows at most: its cost
grows with the third power."""

AUGMENTED = 0.05
"""What the sum weighs beside the maximum where two objectives are made one."""

CELLS = 1 << 9
COLDEST = -30.0
HOTTEST = 600.0
"""Logarithms of weights: of one answer at least, and of all together at most."""

Values: TypeAlias = Floats


@dataclass(frozen=True, slots=True)
class _Guide:
    """What is kept for a few trials, and the history that it follows from."""

    key: bytes
    lengths: Lengths
    candidates: list[Drawn]
    codes: Codes


class Gp:
    """Expected improvement (Jones et al., 1998) by a Gaussian process over the decisions.

    Two members correlate by the decisions in which they differ, each with a weight that is
    fitted; not to be asked is an answer of its own. Candidates are drawn *inside the budget*,
    some at random, and most from the product of weights that the process gives the answers: it
    is made additive around the best trials, and the more an answer gains there, the more often
    it is drawn. So the budget is divided among all decisions at once, which changing one
    decision after another does not.

    Two objectives are made one by weights that change from trial to trial, as in ParEGO
    (Knowles, 2006).
    """

    origin: Origin = "gp"

    def __init__(self, space: Space, budget: Any, measure: Measure = "stagewise") -> None:
        self.space = space
        self.budget = budget
        self.measure = measure
        self.random = Random(space, budget, measure)
        self._answers = [
            (address, {answer: code for code, answer in enumerate(dict.fromkeys(hole.answers), 1)})
            for address, hole in space.decisions.items()
        ]
        self._alike = Alike([1 + len(answers) for _, answers in self._answers])
        self._rows: dict[int, tuple[Seen, Codes]] = {}
        self._guide: _Guide | None = None

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Candidates, those of which most improvement is expected first; then random ones."""
        trials = history.trials()
        if self.space.decisions:
            yield from self._ranked(trials)
        yield from self.random.propose(history, draws)

    def _ranked(self, trials: list[tuple[Seen, Scores]]) -> Iterator[Drawn]:
        codes = np.array([self._row(seen) for seen, _ in trials], np.int64)
        scores = np.array([scores for _, scores in trials], float)
        kept = KEPT if scores.shape[1] == 1 else KEPT_OF_TWO
        known = max(1, len(trials) - len(trials) % kept)
        direction = known // kept
        guide = self._guided(codes[:known], as_one(scores[:known], direction))
        belief = self._belief(codes, as_one(scores, direction), guide.lengths)
        tried = set(map(bytes, codes))
        left = [i for i, row in enumerate(guide.codes) if row.tobytes() not in tried]
        if not left:
            return
        columns = self._alike.columns(guide.codes[left])
        worth = log_expected_improvement(*belief.of(columns), float(belief.known.max()))
        for index in np.argsort(-worth, kind="stable").tolist():
            yield guide.candidates[left[index]]

    def _guided(self, codes: Codes, values: Values) -> _Guide:
        """Lengths and candidates, as they were a few trials ago at most."""
        key = codes.tobytes() + values.tobytes()
        if self._guide is None or self._guide.key != key:
            chosen = informative(values)
            columns, own = self._alike.columns(codes[chosen]), standardised(values[chosen])
            lengths = fitted(self._alike, columns, own)
            belief = Posterior(self._alike, lengths, columns, own)
            # from the history alone, so that it does not matter which trial asks first
            draws = np.random.default_rng(zlib.crc32(key))
            found = list(self.space.drawing(self.budget, self.measure).members(AT_RANDOM, draws))
            for heat, even in HEATS:
                weights = self._weights(columns, belief, heat, even)
                drawing = self.space.drawing(self.budget, weights=weights, cells=CELLS)
                found.extend(drawing.members(GUIDED, draws))
            rows = [self._codes(one.decisions) for one in found]
            distinct = {row.tobytes(): index for index, row in reversed([*enumerate(rows)])}
            order = sorted(distinct.values())
            self._guide = _Guide(
                key, lengths, [found[i] for i in order], np.array([rows[i] for i in order])
            )
        return self._guide

    def _belief(self, codes: Codes, values: Values, lengths: Lengths) -> Posterior:
        chosen = informative(values)
        return Posterior(
            self._alike, lengths, self._alike.columns(codes[chosen]), standardised(values[chosen])
        )

    def _weights(
        self, columns: Floats, belief: Posterior, heat: float, even: bool
    ) -> dict[str, dict[Any, float]]:
        """How often each answer is to be drawn: as the measure has it, times e to its gain."""
        best = np.argsort(-belief.known, kind="stable")[:BASES]
        gains = belief.effects(columns[best]) / heat
        hottest = HOTTEST / len(self._answers)
        weights: dict[str, dict[Any, float]] = {}
        for (address, answers), begin in zip(self._answers, self._alike.begins, strict=True):
            own = gains[begin + 1 : begin + 1 + len(answers)]
            # what a member is not asked weighs 1, so that gains are over not being asked; who is
            # always asked has no such member to compare with, and needs none
            always = not columns[:, begin].any()
            logs = np.clip(own - (own.max() if always else gains[begin]), COLDEST, hottest)
            shares = np.exp(logs) / (1 if even else len(answers))
            weights[address] = dict(zip(answers, shares.tolist(), strict=True))
        return weights

    def _row(self, seen: Seen) -> Codes:
        """The answers of a trial as numbers, remembered."""
        known = self._rows.get(seen.number)
        if known is None or known[0] is not seen:
            known = self._rows[seen.number] = seen, self._codes(seen.decisions)
        return known[1]

    def _codes(self, decisions: Mapping[str, Any]) -> Codes:
        return np.array(
            [
                answers[decisions[address]] if address in decisions else 0
                for address, answers in self._answers
            ],
            np.int64,
        )


def informative(values: Values) -> Codes:
    """Which trials to learn from, in their order: the best and the youngest."""
    if len(values) <= 2 * LEARNT:
        return np.arange(len(values))
    old = len(values) - LEARNT
    best = np.argsort(-values[:old], kind="stable")[:LEARNT]
    return np.concatenate([np.sort(best), np.arange(old, len(values))])


def as_one(scores: Floats, direction: int) -> Values:
    """One value for each trial; of two objectives by an augmented Chebyshev norm.

    direction: two objectives are weighed otherwise for each, at random
    """
    if scores.shape[1] == 1:
        return scores[:, 0]
    span = np.ptp(scores, axis=0)
    lost = (scores.max(axis=0) - scores) / np.where(span > 0, span, 1.0)
    shares = np.random.default_rng(direction).dirichlet(np.ones(scores.shape[1]))
    weighed = lost * shares
    return np.asarray(-weighed.max(axis=1) - AUGMENTED * weighed.sum(axis=1))
