"""The intervals, against other people's figures."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from archdsl.study.intervals import difference, mean, wilson


@given(st.integers(1, 500), st.data())
def test_wilson_is_scipys(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    known = binomtest(k, n).proportion_ci(method="wilson")
    assert wilson(k / n, n) == pytest.approx((known.low, known.high), abs=1e-12)


def test_nothing_is_known_of_no_observations() -> None:
    assert wilson(0.0, 0) == (0.0, 1.0)


def test_the_difference_is_newcombes_worked_example() -> None:
    # Newcombe (1998), table II: 56/70 against 48/80, method 10
    assert difference(56 / 70, 70, 48 / 80, 80) == pytest.approx((0.0524, 0.3339), abs=5e-5)


def test_a_difference_of_equals_holds_zero() -> None:
    low, high = difference(0.9, 360, 0.9, 360)
    assert low < 0 < high


def test_the_mean_is_students() -> None:
    values = [0.1, 0.4, 0.5, 0.9]
    centre, interval = mean(values)
    known = t.interval(0.95, 3, loc=centre, scale=0.33040379335998354 / 2)
    assert centre == pytest.approx(0.475)
    assert interval == pytest.approx(known)


def test_one_value_has_no_interval() -> None:
    assert mean([0.5]) == (0.5, None)
