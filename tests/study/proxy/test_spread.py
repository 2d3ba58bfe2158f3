"""What architectures differ by, against seeds."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from archdsl.study.proxy.spread import Spreads, seeds_to_tell, spread


def test_it_is_the_analysis_of_variance() -> None:
    values = np.random.default_rng(0).random((12, 3)) + np.linspace(0, 2, 12)[:, None]
    found = spread(values)
    within = np.mean([np.var(row, ddof=1) for row in values])
    assert found.seeds == pytest.approx(np.sqrt(within))
    f = stats.f_oneway(*values).statistic  # the ratio of the two mean squares
    assert found.architectures == pytest.approx(np.sqrt((f - 1) * within / 3))
    assert found.ratio == pytest.approx(found.architectures / found.seeds)


def test_the_true_spreads_are_in_their_intervals() -> None:
    draws = np.random.default_rng(3)
    found = spread(0.07 * draws.normal(size=(60, 1)) + 0.04 * draws.normal(size=(60, 3)))
    assert found.architectures_interval[0] < 0.07 < found.architectures_interval[1]
    assert found.seeds_interval[0] < 0.04 < found.seeds_interval[1]
    assert found.ratio_interval[0] < 7 / 4 < found.ratio_interval[1]


@pytest.mark.parametrize("exponent", [996, -1000])
def test_a_unit_of_any_size_changes_no_digit(exponent: int) -> None:
    values = np.random.default_rng(0).normal(size=(12, 3)) + np.linspace(0, 2, 12)[:, None]
    near, far = spread(values), spread(np.ldexp(values, exponent))
    assert far.ratio == near.ratio and far.ratio_interval == near.ratio_interval
    for name in ("architectures", "seeds", "all", "architectures_interval", "seeds_interval"):
        assert np.array_equal(getattr(far, name), np.ldexp(getattr(near, name), exponent))
    assert seeds_to_tell(far) == seeds_to_tell(near)
    assert np.isfinite(far.all) and far.all > 0


def test_where_all_are_zero_so_is_every_spread() -> None:
    found = spread(np.zeros((3, 2)))
    assert (found.architectures, found.seeds, found.all, found.ratio) == (0, 0, 0, None)


def test_where_all_architectures_are_alike_nothing_is_between_them() -> None:
    found = spread(np.array([[0.0, 2.0], [2.0, 0.0], [0.0, 2.0]]))
    assert found.architectures == 0 and found.ratio == 0
    assert seeds_to_tell(found) is None


def test_one_seed_tells_the_two_together() -> None:
    found = spread(np.array([[1.0], [2.0], [4.0]]))
    assert found == Spreads(None, None, None, None, np.std([1, 2, 4], ddof=1))
    assert found.ratio is None and seeds_to_tell(found) is None


def test_seeds_that_do_nothing_have_no_ratio() -> None:
    found = spread(np.array([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]))
    assert found.seeds == 0 and found.ratio is None
    assert seeds_to_tell(found) == 2


def test_a_ratio_has_no_upper_end_where_seeds_do_nothing_in_some_resamples() -> None:
    values = np.repeat(np.arange(8.0)[:, None], 2, axis=1)
    values[3, 1] += 0.5  # a third of the resamples are without it
    found = spread(values)
    low, high = found.ratio_interval
    assert high is None and found.ratio is not None and 0 < low < found.ratio
    values[:, 1] += 0.5 * (np.arange(8) % 2)  # nearly all resamples have one of the four
    low, high = spread(values).ratio_interval
    assert high is not None and low < high


@pytest.mark.parametrize(("ratio", "seeds"), [(3.0, 2), (1.4, 4), (1.0, 8), (0.5, 31)])
def test_so_many_seeds_tell_a_spread_apart(ratio: float, seeds: int) -> None:
    found = Spreads(ratio, None, 1.0, None, 1.0)
    assert seeds_to_tell(found) == seeds
    assert 1.96 * np.sqrt(2 / seeds) <= ratio + 1e-3
