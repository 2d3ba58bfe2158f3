"""What an answer does to the metric, by a Gaussian process over the decisions.

A mean over the trials with an answer has in it what else these trials have in common. Here the
process stands in for the metric: an answer, with what follows from it, is put into members that
are on record in place of theirs, and what is believed of them is averaged: a partial dependence
(Friedman, 2001). What such a member costs is not asked.

The process has the sampler's kernel with one weight for all decisions, so small that effects all
but add up: what decisions do together counts as noise. How much of the figures is signal is not
fitted but averaged over, each ratio by its marginal likelihood, and so is the noise, so that
intervals allow for not knowing it. They are those of the joint posterior of the averages over all
answers to a decision.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from archdsl.study.intervals import Interval
from archdsl.study.propose.samplers.gaussian import HUGE, Floats, fenced, kernel
from archdsl.study.report.answers import AnswerTable, Codes, answers_of
from archdsl.study.report.read import Record

LEAST = 30
"""Trials from which on noise can be told from what a decision does."""

KNOWN = 600
"""Trials that the process knows: its cost grows with their third power."""

LARGEST = 1e300
"""What is beyond it is taken for no figure: its differences are beyond floating point."""

MEMBERS = 200
"""Members that an answer is put into, and ways in which the decisions that follow are answered."""

ALIKE = 0.03
"""What all weights are together: two members without one answer in common correlate by
exp(-ALIKE). With the 0.5 that the sampler begins with the process takes noise for what decisions
do together, which a sampler may and an explanation may not."""

RATIOS = np.geomspace(0.3, 3_000, 12)
"""Of what all decisions do to the noise, as variances: from little to next to all; each as likely
as the next before anything is seen."""

LEAST_FREE = 5
"""Degrees of freedom of Student's t where there are no more trials than decisions."""


@dataclass(frozen=True, slots=True)
class AnswerEffect:
    """What an answer does, as a difference from the mean of all answers to its decision.

    change, interval: in units of the metric; None of an answer that the process has not seen
    """

    answer: str
    change: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Effects:
    """What the process says of every decision.

    by_decision: address -> its answers, of each decision that was answered in two ways
    following: address -> the decisions that are asked or not by its answer, which change with it
    trials: how many there are; known: how many of them the process knows
    noise: the standard deviation of a figure about what its answers do, in units of the metric
    moved: figures that lay far below the rest and were moved to Tukey's fence
    """

    by_decision: dict[str, list[AnswerEffect]]
    following: dict[str, tuple[str, ...]]
    trials: int
    known: int
    noise: float
    moved: int


def effects(record: Record, answers: AnswerTable | None = None) -> Effects | None:
    """Of a record's whole trials; None of fewer than `LEAST`, or where all came to the same.

    answers: those of its whole trials, where they were read already
    """
    done = record.complete
    if len(done) < LEAST:
        return None
    sign = float(record.better(-1, 1))  # what is large is good, or what is small
    figures = np.array([record.value(one) for one in done], float)
    return effects_of(answers or answers_of(done), figures, sign)


def effects_of(answers: AnswerTable, figures: Floats, sign: float = 1.0) -> Effects | None:
    """The same of answers and (trials,) figures.

    sign: 1 where more is better, -1 where less is
    """
    finite = np.flatnonzero(np.abs(figures) <= LARGEST)  # which what is no number is not
    if len(finite) < LEAST:
        return None
    chosen = _drawn(sign * figures[finite], KNOWN)
    scores = sign * figures[finite[chosen]]
    scale = max(1.0, float(np.abs(scores).max()) / HUGE)
    kept = fenced(scores / scale)
    moved = int((kept != scores / scale).sum())
    kept = kept - kept.mean()
    if (largest := float(np.abs(kept).max())) == 0:
        return None
    kept = kept / largest
    spread = float(kept.std())
    known = answers.of(finite[chosen])
    belief = _Belief(known, kept / spread)
    several = [d for d, one in enumerate(known.answers) if len(one) > 1]
    following = {d: known.following(d) for d in several}
    in_units = sign * spread * largest * scale
    return Effects(
        {known.addresses[d]: belief.effects(d, following[d], in_units) for d in several},
        {known.addresses[d]: tuple(known.addresses[one] for one in following[d])
         for d in several if following[d]},
        len(finite),
        len(chosen),
        abs(in_units) * belief.noise,
        moved,
    )  # fmt: skip


def _drawn(scores: Floats, most: int) -> Codes:
    """So many at most, in their order, drawn at random with the best among them."""
    if len(scores) <= most:
        return np.arange(len(scores))
    order = np.random.default_rng(0).permutation(len(scores))
    best = int(np.argmax(scores))
    return np.sort(np.r_[best, order[order != best][: most - 1]])


class _Belief:
    """The process, given standardised values (n,) of some trials.

    With K the kernel of the trials, U and e its eigenvectors and eigenvalues, r the ratio of signal
    to noise and s the variance of the noise, the values' covariance is s (1 + r K), and with 1 / s
    before anything is seen the likelihood of r is |1 + r K|^(-1/2) (v' (1 + r K)^-1 v)^(-(n - 1)/2)
    (Zellner, An Introduction to Bayesian Inference in Econometrics, 1971, chapter 3).
    """

    def __init__(self, known: AnswerTable, values: Floats) -> None:
        from scipy.special import stdtrit  # scipy.stats takes two seconds to import

        self._known = known
        self._groups, self._columns = known.indicators()
        self._weights = np.full(len(known.addresses), ALIKE / max(1, len(known.addresses)))
        self._kernel = kernel(self._groups, self._weights, self._columns, self._columns)
        eigenvalues, self._vectors = np.linalg.eigh(self._kernel)
        self._ratios = RATIOS / ALIKE
        self._spread = 1 + self._ratios[:, None] * np.maximum(eigenvalues, 0)  # (ratios, n)
        self._turned = self._vectors.T @ values
        squares = (self._turned**2 / self._spread).sum(axis=1)
        many = len(values) - 1
        logs = -0.5 * np.log(self._spread).sum(axis=1) - 0.5 * many * np.log(squares)
        self._shares = np.exp(logs - logs.max()) / np.exp(logs - logs.max()).sum()
        # the variance of Student's t with so many degrees of freedom
        self._variances = squares / (many - 2)
        self.noise = float(np.sqrt(self._shares @ self._variances))
        self._rows = _drawn(values, MEMBERS)
        free = max(LEAST_FREE, len(values) - len(known.addresses))
        self._errors = float(stdtrit(free, 0.975))

    def effects(self, decision: int, following: list[int], unit: float) -> list[AnswerEffect]:
        """Of each answer to a decision. unit: what 1 is in figures"""
        replaced = np.array([decision, *following])
        rows = self._rows[self._known.codes[self._rows, decision] >= 0]
        answers = self._known.answers[decision]
        ways = [self._ways(decision, code, replaced) for code in range(len(answers))]
        seen = [code for code, trials in enumerate(ways) if len(trials)]
        changes: dict[int, tuple[float, Interval]] = {}
        if len(rows) and len(seen) > 1:
            # a product over decisions: of those that stay, and of those that are replaced, so that
            # an average over pairs of members and ways is a product, too
            staying = self._kernel[rows] / self._alike(rows, replaced)
            alike = [self._alike(ways[code], replaced).mean(axis=0) for code in seen]
            across = np.array(alike).T * staying.mean(axis=0)[:, None]
            own = staying[:, rows].mean() * np.array(
                [[one[ways[code]].mean() for code in seen] for one in alike]
            )
            changes = dict(zip(seen, self._changes(across, own, unit), strict=True))
        return [
            AnswerEffect(text, *changes.get(code, (None, None)))
            for code, text in enumerate(answers)
        ]

    def _changes(self, across: Floats, own: Floats, unit: float) -> list[tuple[float, Interval]]:
        """Of averages over members from their mean, with their intervals.

        across: (n, m), how alike the trials are to the members of each, on average
        own: (m, m), how alike the members of one are to those of another, on average
        """
        centred = np.eye(len(own)) - 1 / len(own)
        turned = self._vectors.T @ across @ centred
        inside = turned / self._spread[:, :, None]  # (ratios, n, m)
        means = self._ratios[:, None] * np.einsum("rnm,n->rm", inside, self._turned)
        before = np.einsum("ij,jk,ik->i", centred, own, centred)
        explained = self._ratios[:, None] * np.einsum("rnm,nm->rm", inside, turned)
        spreads = (self._variances * self._ratios)[:, None] * np.maximum(before - explained, 0)
        mean = self._shares @ means
        variance = self._shares @ (spreads + (means - mean) ** 2)
        halves = abs(unit) * self._errors * np.sqrt(variance)
        return [
            (gap, (gap - half, gap + half))
            for gap, half in zip((unit * mean).tolist(), halves.tolist(), strict=True)
        ]

    def _ways(self, decision: int, code: int, replaced: Codes) -> Codes:
        """A trial for each way in which those with an answer answer what follows from it."""
        rows = np.flatnonzero(self._known.codes[:, decision] == code)
        if len(replaced) == 1:
            return rows[:1]
        _, first = np.unique(self._known.codes[rows][:, replaced], axis=0, return_index=True)
        if len(first) > MEMBERS:
            first = np.random.default_rng(0).permutation(first)[:MEMBERS]
        return rows[np.sort(first)]

    def _alike(self, rows: Codes, decisions: Codes) -> Floats:
        """(rows, n) of the kernel what comes from some decisions."""
        columns = np.flatnonzero(np.isin(self._groups, decisions))
        seen = self._columns[:, columns]
        agreeing = (seen[rows] * self._weights[self._groups[columns]]) @ seen.T
        return np.asarray(np.exp(agreeing - self._weights[decisions].sum()))
