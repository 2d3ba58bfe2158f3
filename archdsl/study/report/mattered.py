"""Which decisions mattered: PED-ANOVA (Watanabe et al., 2023), as Optuna computes it.

How much the answers of the best trials are otherwise divided than those of all: the Pearson
divergence of two Parzen estimators, summed over the decisions to 1. `PedAnovaImportanceEvaluator`
takes trials one by one, which for 5,000 of them takes seconds, and its uncertainty takes hundreds
of resamples. But it depends on the trials through nothing else than how often each answer was
given, so that all resamples are one matrix product. Every decision is a set of answers without
order here, of those that were given; with these the figures are Optuna's own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.study.intervals import Interval
from archdsl.study.report.answers import UNASKED, AnswerTable, answers_of
from archdsl.study.report.read import Record

Floats = NDArray[np.float64]

LEAST = 20
"""Trials from which on there is anything to say: a quarter of them are `TOP` then."""

TOP, SHARE = 5, 0.1
"""The best: a tenth of the trials as Optuna has it, and never fewer than it asks for."""

RESAMPLES = 200
"""Of the trials, with replacement; and as many in which figures are dealt out at random."""

PRIOR = 1.0
"""What Optuna adds to the observations of a Parzen estimator."""

Nothing: TypeAlias = Literal["few", "equal", "tied", "single"]
"""Why there is no importance: fewer trials than `LEAST`; all came to the same; more than half are
among the best, as they tie; no decision was answered in two ways."""


@dataclass(frozen=True, slots=True)
class Importance:
    """How much a decision mattered.

    share: of the importance of all, 0 to 1
    interval: the 2.5 % and 97.5 % points of its bootstrap, in the unit of the share, which is the
        sum of what was found: its end may be above 1. As nothing is below 0 it lies too high for
        what does little
    by_chance: 95 % of what it would be if figures had nothing to do with answers, in that unit
    asked: the share of the trials that took the decision
    """

    address: str
    share: float
    interval: Interval
    by_chance: float
    asked: float


@dataclass(frozen=True, slots=True)
class Mattered:
    """What PED-ANOVA says of a record.

    importances: of each decision that was answered in two ways, the largest first; empty where
        there is nothing to say, with the reason
    alike: the decisions that every trial that took them answered alike
    trials: that are whole; best: how many of them are the best
    """

    importances: tuple[Importance, ...]
    alike: tuple[str, ...]
    trials: int
    best: int
    nothing: Nothing | None = None


def mattered(record: Record, answers: AnswerTable | None = None) -> Mattered:
    """Of the whole trials of a record, by the objective that it is judged by.

    answers: those of its whole trials, where they were read already
    """
    done = record.complete
    sign = float(record.better(-1, 1))  # what is large is good, or what is small
    figures = sign * np.array([record.value(one) for one in done], float)
    return mattered_of(answers or answers_of(done), figures)


def mattered_of(answers: AnswerTable, figures: Floats) -> Mattered:
    """The same of answers and (trials,) figures of which more is better, infinite ones left out."""
    finite = np.flatnonzero(np.isfinite(figures))
    order = finite[np.argsort(-figures[finite], kind="stable")]
    counts = _Counts(answers.of(order), figures[order])
    several = counts.several
    alike = tuple(one for d, one in enumerate(answers.addresses) if d not in several)
    trials, best = len(order), counts.best
    if (why := _nothing(figures[order], best, len(several))) is not None:
        return Mattered((), alike, trials, best, why)
    found = counts.importances(np.ones((1, trials)))[0]
    total = found.sum() or 1.0
    draws = np.random.default_rng(0)
    resamples = draws.multinomial(trials, np.full(trials, 1 / trials), RESAMPLES)
    low, high = np.quantile(counts.importances(resamples) / total, [0.025, 0.975], axis=0)
    chance = np.quantile(counts.dealt(draws) / total, 0.95, axis=0)
    importances = [
        Importance(
            answers.addresses[d], float(found[at] / total), (float(low[at]), float(high[at])),
            float(chance[at]), float((counts.codes[:, d] != UNASKED).mean()),
        )
        for at, d in enumerate(several)
    ]  # fmt: skip
    importances.sort(key=lambda one: -one.share)
    return Mattered(tuple(importances), alike, trials, best)


def _nothing(ordered: Floats, best: int, several: int) -> Nothing | None:
    if len(ordered) < LEAST:
        return "few"
    if ordered[0] == ordered[-1]:
        return "equal"
    if 2 * best > len(ordered):
        return "tied"
    return None if several else "single"


class _Counts:
    """How often each answer was given, by all trials and by the best.

    codes: (trials, decisions), the best trial first; several: the decisions that were answered in
    two ways; best: how many trials are the best
    """

    def __init__(self, answers: AnswerTable, ordered: Floats) -> None:
        self.codes = answers.codes
        given = [np.unique(column[column != UNASKED]) for column in self.codes.T]
        self.several = [d for d, codes in enumerate(given) if len(codes) > 1]
        sizes = [len(given[d]) for d in self.several]
        self._begins = np.r_[0, np.cumsum(sizes)][:-1].astype(int)
        self._sizes = np.array(sizes, int)
        columns = [self.codes[:, d] == code for d in self.several for code in given[d]]
        self._given = np.zeros((len(ordered), len(columns)), np.float32)
        for column, whose in enumerate(columns):
            self._given[whose, column] = 1
        # (trials,): where those end that came to the same as each
        new = np.r_[ordered[1:] != ordered[:-1], True] if len(ordered) else np.zeros(0, bool)
        ends = np.flatnonzero(new)
        self._ends = ends[np.searchsorted(ends, np.arange(len(ordered)))]
        every = np.ones((1, len(ordered)))
        self.best = int(self._is_best(every).sum())

    def importances(self, weights: NDArray[Any]) -> Floats:
        """(resamples, decisions) by how often each trial is in a resample: (resamples, trials)."""
        weights = weights.astype(np.float32)
        best = weights * self._is_best(weights)
        return self._from(weights @ self._given, best @ self._given, best.sum(axis=1))

    def dealt(self, draws: np.random.Generator) -> Floats:
        """(resamples, decisions) where any so many trials are the best."""
        chosen = np.zeros((RESAMPLES, len(self.codes)), np.float32)
        chosen[:, : self.best] = 1
        best = draws.permuted(chosen, axis=1)
        every = np.broadcast_to(self._given.sum(axis=0), (RESAMPLES, self._given.shape[1]))
        return self._from(every, best @ self._given, best.sum(axis=1))

    def _is_best(self, weights: NDArray[Any]) -> NDArray[np.bool_]:
        """(resamples, trials): as good as the last of so many, as `_QuantileFilter` cuts."""
        trials = weights.shape[1]
        if not trials:
            return np.zeros(weights.shape, bool)
        many = ceil(max(SHARE, TOP / trials) * trials)
        last = (np.cumsum(weights, axis=1) >= many).argmax(axis=1)
        return np.asarray(np.arange(trials) <= self._ends[last][:, None])

    def _from(self, every: NDArray[Any], best: NDArray[Any], many: NDArray[Any]) -> Floats:
        """(resamples, decisions) from how often each answer was given: (resamples, answers)."""
        trials = len(self.codes)
        every, best = every.astype(float), best.astype(float)
        asked = np.add.reduceat(every, self._begins, axis=1)
        asked_best = np.add.reduceat(best, self._begins, axis=1)
        ratio = self._density(best, asked_best) / self._density(every, asked)
        spread = self._density(every, asked) * (ratio - 1) ** 2
        divergence = np.add.reduceat(spread, self._begins, axis=1)
        # conditional PED-ANOVA (2026): of the trials that took the decision, which must be two
        share = (asked_best / many[:, None]) ** 2 / np.maximum(asked / trials, 1 / trials)
        return np.where(asked >= 2, share * divergence, 0.0) * (many[:, None] / trials) ** 2

    def _density(self, counts: Floats, asked: Floats) -> Floats:
        """(resamples, answers): Optuna's `ScottParzenEstimator` of categories, on each of them."""
        kinds = np.add.reduceat((counts > 0).astype(float), self._begins, axis=1) + 1
        prior = np.repeat(PRIOR / kinds, self._sizes, axis=1)
        sizes = np.repeat(self._sizes, self._sizes)
        seen = np.repeat(asked, self._sizes, axis=1)
        return ((counts + seen * prior) / (1 + sizes * prior) + PRIOR / sizes) / (
            seen + PRIOR
        ) + 1e-12
