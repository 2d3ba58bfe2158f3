"""Differences of arms and their intervals."""

from __future__ import annotations

from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from archdsl.study.final.comparison import Arm, compared, errors, seed_noise

VALUES = st.lists(st.floats(0.1, 0.9), min_size=2, max_size=5)


def arm(name: str, *values: float) -> Arm:
    return Arm(name, np.array(values))


@given(VALUES, VALUES)
def test_two_arms_alone_are_compared_by_the_t_test_of_pooled_variance(one, other) -> None:
    arms = arm("a", *one), arm("b", *other)
    assume(min(np.std(one), np.std(other)) > 1e-3)
    found = compared(*arms, seed_noise(arms))
    expected = stats.ttest_ind(one, other, equal_var=True).confidence_interval(0.95)
    assert found.interval == pytest.approx((expected.low, expected.high), rel=1e-6, abs=1e-9)
    assert found.distinguishable == (not expected.low <= 0 <= expected.high)


def test_the_noise_of_seeds_is_pooled_over_all_arms() -> None:
    noise = seed_noise([arm("a", 0.1, 0.3), arm("b", 0.5, 0.5, 0.8), arm("c", 0.7)])
    assert noise is not None
    assert noise.freedom == 3
    assert noise.variance == pytest.approx((0.02 + 0.06) / 3)


def test_one_seed_tells_nothing_of_noise() -> None:
    arms = arm("a", 0.1), arm("b", 0.9)
    assert seed_noise(arms) is None
    found = compared(*arms, None)
    assert found.interval is None and not found.distinguishable
    assert found.gap == pytest.approx(-0.8)


def test_where_nothing_varies_there_is_no_interval() -> None:
    arms = arm("a", 0.5, 0.5), arm("b", 0.4, 0.4)
    found = compared(*arms, seed_noise(arms))
    assert found.interval is None and not found.distinguishable


def test_more_comparisons_ask_for_wider_intervals() -> None:
    alone = errors(14, 1, 1)
    assert alone == pytest.approx(stats.t.ppf(0.975, 14))
    assert alone < errors(14, 1, 2) < errors(14, 5, 2) < errors(6, 5, 2)


@pytest.mark.parametrize(("picked_of", "others"), [(1, 2), (1, 3), (5, 2), (3, 4)])
def test_it_asks_for_less_than_all_pairs_do(picked_of, others) -> None:
    """Tukey's range holds every pair at once; here those with the winner count."""
    all_pairs = stats.studentized_range.ppf(0.95, picked_of + others, 14) / sqrt(2)
    one_sided = stats.t.ppf(0.95, 14)
    assert one_sided < errors(14, picked_of, others) < all_pairs + 0.02


def test_images_that_both_tell_alike_add_nothing() -> None:
    rng = np.random.default_rng(0)
    right = rng.random((1, 300)) < 0.7
    same = np.repeat(right, 3, axis=0)
    arms = Arm("a", np.array([0.7, 0.71, 0.72]), same), Arm("b", np.array([0.6, 0.61, 0.6]), same)
    without = [Arm(one.name, one.values) for one in arms]
    noise = seed_noise(arms)
    assert compared(*arms, noise).interval == pytest.approx(compared(*without, noise).interval)


def test_images_that_one_tells_and_the_other_does_not_widen_the_interval() -> None:
    rng = np.random.default_rng(0)
    one, other = (np.repeat(rng.random((1, 300)) < 0.7, 3, axis=0) for _ in "ab")
    arms = Arm("a", one.mean(axis=1), one), Arm("b", other.mean(axis=1), other)
    interval = compared(*arms, seed_noise(arms)).interval
    assert interval is not None
    gaps = one[0].astype(float) - other[0]
    half = 1.968 * sqrt(gaps.var(ddof=1) / 300)
    assert interval[1] - interval[0] == pytest.approx(2 * half, rel=0.01)


@settings(max_examples=30)
@given(st.floats(0.002, 0.05), st.integers(1, 5), st.integers(1, 3))
def test_so_many_seeds_as_are_said_tell_a_point_apart(spread, picked_of, others) -> None:
    arms = [arm("a", 0.5 - spread, 0.5 + spread), arm("b", 0.5 - spread, 0.5 + spread)]
    noise = seed_noise(arms)
    assert noise is not None
    needed = compared(*arms, noise, picked_of, others).per_point
    assert needed is not None
    half = errors(inf, picked_of, others) * sqrt(2 * noise.variance / needed)
    assert half <= 0.01 + 1e-12
    if needed > 2:
        assert errors(inf, picked_of, others) * sqrt(2 * noise.variance / (needed - 1)) > 0.01
