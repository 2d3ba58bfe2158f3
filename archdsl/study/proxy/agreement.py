"""How far two orders of the same architectures agree: Kendall's tau, and how sure it is.

A is the number of architectures. Tau is the share of pairs that are in the same order less the
share of those that are not, pairs that are alike in one of the two corrected for (tau-b: M. G.
Kendall, The treatment of ties in ranking problems, 1945). An interval is of a bootstrap (B. Efron,
1979) that draws architectures, each with all its trainings: what seeds do is in it, as what every
architecture came to has the luck of its own seeds (A. Davison and D. Hinkley, Bootstrap Methods and
their Application, 1997, section 3.8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from archdsl.study.intervals import Interval

Floats = NDArray[np.float64]

RESAMPLES = 999
QUARTER = 4
LEAST = 2
"""Architectures of the best quarter at least: fewer have no order."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A tau, or a difference of two. tau: None where it is undefined, as all are alike in one
    interval: 95 %; None without a tau
    """

    tau: float | None
    interval: Interval | None

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves out zero, else 0."""
        if self.interval is None:
            return 0
        low, high = self.interval
        return 1 if low > 0 else -1 if high < 0 else 0


UNDEFINED = Agreement(None, None)


def tau(scores: Floats, truth: Floats) -> float | None:
    """Kendall's tau-b of two orders (A,), each better where more; None where it is undefined."""
    from scipy import stats  # two seconds to import

    if len(truth) < LEAST:
        return None
    found = float(stats.kendalltau(scores, truth).statistic)
    return found if isfinite(found) else None


def best_quarter(truth: Floats) -> NDArray[np.int64]:
    """The places of the best quarter of architectures, rounded down; two at least."""
    many = max(LEAST, len(truth) // QUARTER)
    return np.argsort(-truth, kind="stable")[:many]


def agreement(scores: Sequence[Floats], truth: Floats, *, best: bool = False) -> Agreement:
    """The mean tau of some scores (A,) with the truth (A,); of several seeds, one of each.

    best: of the best quarter by the truth alone
    An architecture of which a score is no finite number is left out, of that quarter, too.
    """
    found = _mean(scores, truth, best=best)
    if found is None:
        return UNDEFINED
    interval = interval_of(len(truth), lambda w: _mean_tau(scores, truth, w, best=best))
    return Agreement(found, interval)


def _mean(scores: Sequence[Floats], truth: Floats, *, best: bool) -> float | None:
    """The mean tau of some scores where all are finite; None where one is undefined."""
    where = best_quarter(truth) if best else np.arange(len(truth))
    where = where[_finite(scores)[where]]
    taus = [tau(one[where], truth[where]) for one in scores]
    defined = [one for one in taus if one is not None]
    return sum(defined) / len(defined) if defined and len(defined) == len(taus) else None


def _finite(scores: Sequence[Floats]) -> NDArray[np.bool_]:
    """Of which architectures every score is a finite number: (A,)."""
    return np.asarray(np.isfinite(scores).all(axis=0))


def difference(one: Sequence[Floats], other: Sequence[Floats], truth: Floats) -> Agreement:
    """The agreement of some scores less that of others, over the same architectures."""
    found, less = (_mean(scores, truth, best=False) for scores in (one, other))
    if found is None or less is None:
        return UNDEFINED
    interval = interval_of(
        len(truth),
        lambda w: _mean_tau(one, truth, w, best=False) - _mean_tau(other, truth, w, best=False),
    )
    return Agreement(found - less, interval)


def at_random(truth: Floats, *, best: bool = False) -> Agreement:
    """What orders drawn at random come to: zero, and where 95 % of them are."""
    places = best_quarter(truth) if best else np.arange(len(truth))
    if tau(np.arange(float(len(places))), truth[places]) is None:
        return UNDEFINED
    true = np.sign(truth[places][:, None] - truth[places])
    scores = np.random.default_rng(0).random((RESAMPLES, len(places)))
    found = [np.sum(np.sign(one[:, None] - one) * true) for one in scores]
    pairs = np.sqrt(len(places) * (len(places) - 1) * np.sum(true**2))  # of which no score is tied
    low, high = np.quantile(found / pairs, [0.025, 0.975])
    return Agreement(0.0, (float(low), float(high)))


def interval_of(many: int, statistic: Callable[[Floats], Floats]) -> Interval:
    """Where 95 % of the resamples are, as `scipy.stats.bootstrap` has it by percentiles.

    statistic: of how often each is drawn (B, A) -> (B,); the resamples are the same for all
    statistics, so that what is compared is paired. An end next to an infinite one is no number.
    """
    with np.errstate(invalid="ignore"):  # quantile interpolates
        low, high = np.quantile(statistic(resamples(many)), [0.025, 0.975])
    return float(low), float(high)


@cache
def resamples(many: int) -> Floats:
    """How often each of so many is drawn in each resample: (B, A)."""
    places = np.random.default_rng(0).integers(0, many, (RESAMPLES, many))
    return np.array([np.bincount(row, minlength=many) for row in places], float)


def _mean_tau(scores: Sequence[Floats], truth: Floats, counts: Floats, *, best: bool) -> Floats:
    """The mean tau-b of scores (A,) in each resample (B, A), as counts: (B,).

    An architecture that is drawn twice is alike with itself in both, and counts in no pair. A
    resample that has no order, as when one makes up its best quarter, counts as no agreement.
    """
    if best:
        order = np.argsort(-truth, kind="stable")
        before = np.cumsum(counts[:, order], axis=1) - counts[:, order]
        many = max(LEAST, len(truth) // QUARTER)
        counts, truth = np.clip(many - before, 0, counts[:, order]), truth[order]
        scores = [one[order] for one in scores]
    finite = _finite(scores)
    counts, scores = counts * finite, [np.where(finite, one, 0.0) for one in scores]
    true = np.sign(truth[:, None] - truth)
    differ = _pairs(counts, true**2)
    taus = []
    for one in scores:
        said = np.sign(one[:, None] - one)
        both = _pairs(counts, said**2) * differ
        agreed = _pairs(counts, said * true)
        taus.append(np.divide(agreed, np.sqrt(both), out=np.zeros(len(counts)), where=both > 0))
    return np.asarray(np.mean(taus, axis=0))


def _pairs(counts: Floats, each: Floats) -> Floats:
    """What all pairs of a resample come to together: (B, A), (A, A) -> (B,)."""
    return np.asarray(((counts @ each) * counts).sum(axis=1))
