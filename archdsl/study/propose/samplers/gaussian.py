"""A Gaussian process over answers: how alike two members are, decision by decision.

Members are rows of zeros and ones with a column for each answer of each decision, "not asked"
among them, so that every decision has one column that is 1. `groups` (columns,) is the decision of
each column.

scikit-learn has such processes, but no prior on their lengths, and it wants a matrix of pairs for
the derivative by each length: at 85 decisions a fit to 100 trials took 0.48 s of CPU time where
this one takes 0.03 s, and to 300 trials 3.7 s where it takes 0.22 s.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from scipy.special import erfcx, log_ndtr

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]

ALIKE = 0.5
"""What all weights are together at the prior's mode: two members without one answer in common
correlate by exp(-ALIKE), whatever the number of decisions."""

SPREADS = (1.5, 1.0, 1.5)
"""Standard deviations of the normal priors on log weights, log signal and log noise."""

NOISE = 0.01
"""The noise at the prior's mode, as a share of the values' variance."""

LEAST_NOISE = 1e-6
STEPS = 60
HUGE = 1e100


@dataclass(frozen=True, slots=True)
class Lengths:
    """What is fitted. weights: (decisions,), inverse lengths; signal and noise: variances."""

    weights: Floats
    signal: float
    noise: float


def kernel(groups: Codes, weights: Floats, one: Floats, other: Floats) -> Floats:
    """exp(-sum of the weights of the decisions in which two members differ): (n, m)."""
    return np.asarray(np.exp((one * weights[groups]) @ other.T - weights.sum()))


def evidence(theta: Floats, groups: Codes, columns: Floats, values: Floats) -> tuple[float, Floats]:
    """Minus the log posterior density of log weights, log signal and log noise, and its gradient.

    The marginal likelihood as in Rasmussen and Williams, Gaussian Processes for Machine Learning
    (2006), equations 5.8 and 5.9, with log-normal priors.
    """
    weights, (signal, noise) = np.exp(theta[:-2]), np.exp(theta[-2:])
    means, spreads = prior(len(weights))
    own = signal * kernel(groups, weights, columns, columns)
    factor = cholesky(own + noise * np.eye(len(own)), lower=True)
    inverse = cho_solve((factor, True), np.eye(len(own)))
    solved = inverse @ values
    off = (theta - means) / spreads
    value = 0.5 * values @ solved + np.log(np.diag(factor)).sum() + 0.5 * off @ off
    slope = inverse - np.outer(solved, solved)
    both = slope * own
    # the share of pairs that agree in a decision is a sum over its answers, so that no matrix of
    # pairs has to be made for each decision
    agreeing = np.bincount(groups, np.einsum("ij,ij->j", columns, both @ columns))
    total = both.sum()
    gradient = 0.5 * np.r_[-weights * (total - agreeing), total, noise * np.trace(slope)]
    return float(value), gradient + off / spreads


def fitted(groups: Codes, columns: Floats, values: Floats) -> Lengths:
    """The most probable lengths given standardised values; the same whatever was fitted before."""
    means, _ = prior(int(groups.max()) + 1)
    bounds = [(mean - 6, mean + 6) for mean in means]
    bounds[-1] = (math.log(LEAST_NOISE), 1.0)
    found = minimize(
        evidence, means, (groups, columns, values), "L-BFGS-B",
        jac=True, bounds=bounds, options={"maxiter": STEPS},
    )  # fmt: skip
    theta = np.exp(found.x)
    return Lengths(theta[:-2], float(theta[-2]), float(theta[-1]))


def prior(decisions: int) -> tuple[Floats, Floats]:
    """Means and standard deviations of log weights, log signal and log noise."""
    mean = math.log(ALIKE / decisions)
    return (
        np.r_[np.full(decisions, mean), 0.0, math.log(NOISE)],
        np.r_[np.full(decisions, SPREADS[0]), SPREADS[1:]],
    )


class Posterior:
    """What is believed of any member, given values of some.

    lengths: see `fitted`; columns, values: of the members that were seen
    """

    def __init__(self, groups: Codes, lengths: Lengths, columns: Floats, values: Floats) -> None:
        self.groups = groups
        self.lengths = lengths
        self._columns, self._values = columns, values
        own = lengths.signal * kernel(groups, lengths.weights, columns, columns)
        self._factor = cholesky(own + lengths.noise * np.eye(len(own)), lower=True)
        self._solved = cho_solve((self._factor, True), values)
        self.known = own @ self._solved
        """(n,) what is believed of those that were seen."""

    def given(self, alike: Floats) -> tuple[Floats, Floats]:
        """Means and standard deviations, without the noise, of members by their kernel.

        alike: (n, m), of those that were seen with m others
        """
        across = self.lengths.signal * alike
        half = solve_triangular(self._factor, across, lower=True)
        variance = np.maximum(self.lengths.signal - np.einsum("ij,ij->j", half, half), 1e-12)
        return across.T @ self._solved, np.sqrt(variance)

    def believing(self, columns: Floats) -> Posterior:
        """The same once some members have come to what is believed of them.

        The means stay as they are; what is not known of what is like these members becomes less
        (the kriging believer of Ginsbourger et al., 2010).
        """
        means, _ = self.given(kernel(self.groups, self.lengths.weights, self._columns, columns))
        return Posterior(
            self.groups, self.lengths,
            np.vstack([self._columns, columns]), np.concatenate([self._values, means]),
        )  # fmt: skip

    def effects(self, bases: Floats) -> Floats:
        """(columns,) what the mean gains where one answer of a base is replaced by another,
        averaged over the bases: the process made additive.
        """
        lengths, groups, seen = self.lengths, self.groups, self._columns
        gain, loss = np.expm1(lengths.weights)[groups], np.expm1(-lengths.weights)[groups]
        terms = lengths.signal * kernel(groups, lengths.weights, bases, seen) * self._solved
        members = np.eye(len(lengths.weights))[groups]  # (columns, decisions)
        total = np.zeros(len(groups))
        for base, term in zip(bases, terms, strict=True):
            agrees = ((seen * base) @ members)[:, groups]  # (n, columns): in what is replaced
            # who agrees with the new answer and not with the old comes nearer; the other way, goes
            nearer = term @ (seen * (1 - agrees))
            farther = term @ ((1 - seen) * agrees)
            total += nearer * gain + farther * loss
        return np.asarray(total / len(bases))


def log_expected_improvement(means: Floats, deviations: Floats, best: float) -> Floats:
    """The logarithm of the expected improvement on `best` (Jones et al., 1998), which does not
    vanish far below it (Ament et al., 2023).
    """
    z = (means - best) / deviations
    # h(z) = pdf(z) + z cdf(z); for z < -1 pdf(z) (1 + z sqrt(pi/2) erfcx(-z / sqrt 2))
    low = np.minimum(z, -1.0)
    tail = 1 + low * math.sqrt(math.pi / 2) * erfcx(-low / math.sqrt(2))
    log_pdf = -0.5 * z**2 - 0.5 * math.log(2 * math.pi)
    high = np.maximum(z, -1.0)
    near = np.exp(-0.5 * high**2) / math.sqrt(2 * math.pi) + high * np.exp(log_ndtr(high))
    return np.asarray(
        np.log(deviations)
        + np.where(z < -1, log_pdf + np.log(np.maximum(tail, 1e-300)), np.log(near))
    )


def fenced(values: Floats) -> Floats:
    """What lies far below the rest is moved to the fence of Tukey's (1977) box plot, so that one
    disaster does not make all others look alike.
    """
    low, high = np.quantile(values, [0.25, 0.75])
    return np.asarray(np.maximum(values, low - 1.5 * (high - low)) if high > low else values)


def standardised(values: Any) -> Floats:
    """Mean 0 and variance 1 once they are `fenced`; zeros for equal values."""
    found = np.asarray(values, float)
    largest = np.abs(found).max()
    if largest > HUGE:  # or sums and squares of the values are beyond floating point
        found = found / largest
    found = fenced(found)
    spread = found.std()
    return np.asarray((found - found.mean()) / spread if spread > 0 else np.zeros(len(found)))
