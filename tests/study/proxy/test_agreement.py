"""Kendall's tau, over all and in the best quarter, and its interval."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from archdsl.study.proxy import agreement as agreements
from archdsl.study.proxy.agreement import (
    UNDEFINED,
    Agreement,
    agreement,
    at_random,
    best_quarter,
    difference,
    tau,
)

few = st.integers(2, 12)


@given(few, st.integers(0, 999), st.booleans())
@settings(max_examples=60)
def test_a_resample_has_the_tau_that_scipy_gives_its_architectures(
    many: int, seed: int, best: bool
) -> None:
    draws = np.random.default_rng(seed)
    scores, truth = draws.integers(0, 5, many).astype(float), draws.random(many)
    places = draws.integers(0, many, many)
    counts = np.bincount(places, minlength=many)[None].astype(float)
    found = agreements._mean_tau([scores], truth, counts, best=best)[0]
    if best:
        places = places[np.argsort(-truth[places], kind="stable")][: max(2, many // 4)]
    expected = stats.kendalltau(scores[places], truth[places]).statistic
    assert found == pytest.approx(np.nan_to_num(expected), abs=1e-12)


def test_the_interval_is_that_of_scipys_bootstrap() -> None:
    draws = np.random.default_rng(0)
    truth = draws.random(14)
    scores = truth + draws.random(14)
    found = stats.bootstrap(
        (scores, truth), lambda one, other: stats.kendalltau(one, other).statistic, paired=True,
        vectorized=False, method="percentile", n_resamples=999, rng=np.random.default_rng(0),
    )  # fmt: skip
    interval = tuple(found.confidence_interval)
    assert agreement([scores], truth).interval == pytest.approx(interval)


@given(st.permutations(range(9)))
def test_an_order_agrees_with_itself_and_disagrees_with_its_reverse(order: list[int]) -> None:
    truth = np.array(order, float)
    assert tau(truth, truth) == pytest.approx(1)
    assert tau(-truth, truth) == pytest.approx(-1)
    assert tau(np.exp(truth), truth) == pytest.approx(1), "only the order counts"


def test_scores_that_are_all_alike_have_no_tau() -> None:
    alike, truth = np.ones(8), np.arange(8.0)
    assert tau(alike, truth) is None
    assert agreement([alike], truth) == UNDEFINED
    assert agreement([truth], alike) == UNDEFINED
    assert difference([alike], [truth], truth) == UNDEFINED
    nearly = np.append(np.ones(7), 2.0)
    assert agreement([nearly], truth).tau == pytest.approx(0.5)


def test_the_best_quarter_is_rounded_down_and_has_two_at_least() -> None:
    truth = np.arange(30.0)
    assert best_quarter(truth).tolist() == [29, 28, 27, 26, 25, 24, 23]
    assert [len(best_quarter(truth[:many])) for many in (2, 7, 8, 11, 12)] == [2, 2, 2, 2, 3]


def test_what_is_not_finite_is_missing_in_the_best_quarter_and_nobody_moves_up() -> None:
    truth = np.arange(16.0)
    scores = np.append(-np.arange(13.0), [5.0, 4.0, 3.0])  # the best four: 12 to 15
    scores[13] = np.nan
    found = agreement([scores], truth, best=True)
    assert found.tau == pytest.approx(
        stats.kendalltau(scores[[12, 14, 15]], truth[[12, 14, 15]])[0]
    )
    assert found.tau == pytest.approx(1 / 3)
    scores[12] = -np.inf
    assert agreement([scores], truth, best=True).tau == pytest.approx(-1)
    scores[15] = np.inf
    assert agreement([scores], truth, best=True) == UNDEFINED, "one is left"
    kept = np.isfinite(scores)
    assert agreement([scores], truth).tau == pytest.approx(tau(scores[kept], truth[kept]))
    assert agreement([scores, truth], truth).tau == pytest.approx(
        (tau(scores[kept], truth[kept]) + 1) / 2
    ), "of several seeds it is missing in all"


@given(few, st.integers(0, 999), st.booleans())
@settings(max_examples=40)
def test_a_resample_leaves_out_what_is_not_finite(many: int, seed: int, best: bool) -> None:
    draws = np.random.default_rng(seed)
    scores, truth = draws.integers(0, 5, many).astype(float), draws.random(many)
    scores[draws.random(many) < 0.3] = np.inf
    places = draws.integers(0, many, many)
    counts = np.bincount(places, minlength=many)[None].astype(float)
    found = agreements._mean_tau([scores], truth, counts, best=best)[0]
    if best:
        places = places[np.argsort(-truth[places], kind="stable")][: max(2, many // 4)]
    places = places[np.isfinite(scores[places])]
    assert found == pytest.approx(tau(scores[places], truth[places]) or 0, abs=1e-12)


def test_of_several_seeds_it_is_the_mean_of_one_each() -> None:
    draws = np.random.default_rng(0)
    truth = draws.random(20)
    seeds = [truth + draws.random(20) for _ in range(3)]
    assert agreement(seeds, truth).tau == pytest.approx(np.mean([tau(one, truth) for one in seeds]))


def test_an_interval_is_about_its_tau_and_its_sign_says_what_it_leaves_out() -> None:
    draws = np.random.default_rng(0)
    truth, shuffled = draws.random(40), np.random.default_rng(5).random(40)
    for scores, sign in ((truth, 1), (-truth, -1), (shuffled, 0)):
        found = agreement([scores + 0.1 * draws.random(40)], truth)
        assert found.tau is not None and found.interval is not None
        assert found.interval[0] <= found.tau <= found.interval[1]
        assert found.sign == sign
    assert Agreement(None, None).sign == 0


def test_a_difference_is_paired() -> None:
    draws = np.random.default_rng(0)
    truth = draws.random(40)
    near = truth + 0.2 * draws.random(40)
    far = near + 0.3 * draws.random(40)
    assert difference([near], [near], truth) == Agreement(0.0, (0.0, 0.0))
    found = difference([near], [far], truth)
    assert found.sign == 1, "though the intervals of the two overlap"
    assert agreement([near], truth).interval[0] < agreement([far], truth).interval[1]


def test_orders_at_random_are_about_zero() -> None:
    truth = np.arange(20.0)
    found = at_random(truth)
    assert found.tau == 0
    deviation = np.sqrt(2 * (2 * 20 + 5) / (9 * 20 * 19))  # Kendall, 1938
    assert found.interval == pytest.approx((-1.96 * deviation, 1.96 * deviation), abs=0.03)
    low, high = at_random(truth, best=True).interval
    assert low < found.interval[0] and high > found.interval[1], "five tell less than twenty"


def test_where_the_best_are_all_alike_nothing_orders_them_not_even_chance() -> None:
    truth = np.array([0.9, 0.9, 0.5, 0.4, 0.3])
    scores = np.arange(5.0)
    for best, defined in ((False, True), (True, False)):
        for found in (agreement([scores], truth, best=best), at_random(truth, best=best)):
            assert (found != UNDEFINED) is defined
            assert found.interval is None or np.isfinite(found.interval).all()


@pytest.mark.parametrize("seeds", [0.3, 1.0, 3.0])
def test_an_interval_of_95_percent_holds_the_tau_of_all_architectures(seeds: float) -> None:
    draws = np.random.default_rng(1)

    def drawn(many: int) -> tuple[np.ndarray, np.ndarray]:
        architectures = draws.normal(size=many)
        scores = architectures + seeds * draws.normal(size=many)
        return scores, architectures + seeds * draws.normal(size=(3, many)).mean(axis=0)

    true = tau(*drawn(4000))
    held = 0
    for _ in range(100):
        scores, truth = drawn(20)
        low, high = agreement([scores], truth).interval
        held += low <= true <= high
    assert held >= 88
