"""The Gaussian process by itself: what it is told comes back, and what matters is found."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from archdsl.study.propose.samplers import gaussian
from archdsl.study.propose.samplers.gaussian import Lengths, Posterior

SIZES = [3, 4, 2, 5]


GROUPS = np.repeat(np.arange(len(SIZES)), SIZES)


def members(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Random answers, as numbers and as columns."""
    draws = np.random.default_rng(seed)
    codes = np.stack([draws.integers(0, size, count) for size in SIZES], axis=1)
    return codes, as_columns(codes)


def as_columns(codes: np.ndarray) -> np.ndarray:
    return np.hstack([np.eye(size)[codes[:, index]] for index, size in enumerate(SIZES)])


def believed(
    belief: Posterior, seen: np.ndarray, others: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Means and deviations of some members, given those that were seen."""
    return belief.given(gaussian.kernel(GROUPS, belief.lengths.weights, seen, others))


def test_members_correlate_by_the_decisions_in_which_they_differ() -> None:
    codes, columns = members(20)
    weights = np.array([0.1, 0.2, 0.4, 0.8])
    found = gaussian.kernel(GROUPS, weights, columns, columns)
    for i, j in [(0, 0), (0, 1), (3, 17)]:
        assert found[i, j] == pytest.approx(np.exp(-weights[codes[i] != codes[j]].sum()))


def test_the_gradient_is_that_of_the_evidence() -> None:
    _, columns = members(30)
    draws = np.random.default_rng(1)
    values = draws.normal(size=30)
    theta = draws.normal(-1, 0.5, size=len(SIZES) + 2)
    _, gradient = gaussian.evidence(theta, GROUPS, columns, values)
    for index, slope in enumerate(gradient):
        step = np.zeros(len(theta))
        step[index] = 1e-5
        above, _ = gaussian.evidence(theta + step, GROUPS, columns, values)
        below, _ = gaussian.evidence(theta - step, GROUPS, columns, values)
        assert slope == pytest.approx((above - below) / 2e-5, rel=1e-5, abs=1e-6)


def test_the_evidence_is_that_of_a_normal_distribution() -> None:
    _, columns = members(6)
    values = np.random.default_rng(1).normal(size=6)
    theta = np.log([0.5, 0.2, 0.1, 0.4, 1.3, 0.2])
    own = 1.3 * gaussian.kernel(GROUPS, np.exp(theta[:-2]), columns, columns) + 0.2 * np.eye(6)
    means, spreads = gaussian.prior(4)
    density = -0.5 * values @ np.linalg.solve(own, values) - 0.5 * np.linalg.slogdet(own)[1]
    expected = density + (norm.logpdf(theta, means, spreads) - norm.logpdf(0, 0, spreads)).sum()
    assert gaussian.evidence(theta, GROUPS, columns, values)[0] == pytest.approx(-expected)


def test_the_fitted_lengths_tell_what_matters_from_what_does_not() -> None:
    codes, columns = members(60)
    noise = np.random.default_rng(2).normal(size=60)
    values = gaussian.standardised(1.0 * codes[:, 1] + 0.5 * codes[:, 2] + 0.05 * noise)
    first, second, third, fourth = gaussian.fitted(GROUPS, columns, values).weights
    assert min(second, third) > 5 * max(first, fourth)
    assert second > third


def test_noise_is_told_from_what_the_answers_explain() -> None:
    codes, columns = members(100)
    noise = np.random.default_rng(2).normal(size=100)
    exact = gaussian.fitted(GROUPS, columns, gaussian.standardised(1.0 * codes[:, 1]))
    noisy = gaussian.fitted(GROUPS, columns, gaussian.standardised(codes[:, 1] + noise))
    assert noisy.noise > 0.2 > 0.01 > exact.noise


def test_without_noise_what_was_seen_is_believed() -> None:
    codes, columns = members(12, seed=1)
    assert len(set(map(bytes, codes))) == 12
    values = np.random.default_rng(3).normal(size=12)
    lengths = Lengths(np.full(4, 0.5), 1.0, 1e-9)
    belief = Posterior(GROUPS, lengths, columns, values)
    means, deviations = believed(belief, columns, columns)
    assert means == pytest.approx(values, abs=1e-5)
    assert belief.known == pytest.approx(values, abs=1e-5)
    assert deviations.max() < 1e-3


def test_nothing_is_known_of_what_is_like_nothing_that_was_seen() -> None:
    seen, other = as_columns(np.array([[0, 0, 0, 0]])), as_columns(np.array([[1, 1, 1, 1]]))
    belief = Posterior(GROUPS, Lengths(np.full(4, 9.0), 2.0, 0.1), seen, np.array([5.0]))
    means, deviations = believed(belief, seen, other)
    assert means == pytest.approx([0.0], abs=1e-10)
    assert deviations == pytest.approx([np.sqrt(2.0)])


def test_the_effect_of_an_answer_is_what_the_mean_gains_by_it() -> None:
    codes, columns = members(25)
    values = np.random.default_rng(4).normal(size=25)
    belief = Posterior(GROUPS, Lengths(np.array([0.3, 1.0, 0.1, 0.6]), 1.5, 0.1), columns, values)
    bases = [3, 8]
    before, _ = believed(belief, columns, columns[bases])
    expected = []
    for decision, size in enumerate(SIZES):
        for answer in range(size):
            changed = codes[bases].copy()
            changed[:, decision] = answer
            expected.append(np.mean(believed(belief, columns, as_columns(changed))[0] - before))
    assert belief.effects(columns[bases]) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(("mean", "deviation"), [(0.0, 1.0), (-2.5, 0.7), (1.2, 0.3), (-0.5, 2.0)])
def test_the_expected_improvement_is_the_integral(mean: float, deviation: float) -> None:
    expected, _ = quad(lambda v: v * norm.pdf(v + 0.4, mean, deviation), 0, 20)
    found = gaussian.log_expected_improvement(np.array([mean]), np.array([deviation]), 0.4)
    assert found == pytest.approx([np.log(expected)], rel=1e-6)


def test_the_expected_improvement_ranks_by_mean_by_doubt_and_far_below_the_best() -> None:
    means = np.array([0.0, 0.0, 0.5, -80.0, -60.0, -1e9])
    deviations = np.array([0.1, 1.0, 1.0, 1.0, 1.0, 1.0])
    found = gaussian.log_expected_improvement(means, deviations, 1.0)
    assert np.isfinite(found).all()
    assert np.argsort(-found).tolist() == [2, 1, 0, 4, 3, 5]


def test_one_disaster_does_not_make_all_others_alike() -> None:
    fair = np.linspace(0.7, 0.8, 11)
    together = gaussian.standardised([-1e6, *fair])
    alone = gaussian.standardised(fair)
    assert np.argmin(together) == 0
    assert np.ptp(together[1:]) > 0.6 * np.ptp(alone)


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5], [0.5] * 9, [0.0, 0.5, 0.5, 0.5, 0.5]])
def test_values_that_hardly_differ_are_standardised_all_the_same(values: list[float]) -> None:
    found = gaussian.standardised(values)
    assert np.isfinite(found).all()
    assert len(set(found)) == len(set(values))
