"""Effects of answers: what their intervals cover, and what is said where there are none."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.language.settings import Objective
from archdsl.study.report.answers import answers_of
from archdsl.study.report.effects import KNOWN, LEAST, effects, effects_of
from tests.study.records import drawn, made, record


def added(members, strength: float, seed: int) -> tuple[dict[tuple[str, Any], float], np.ndarray]:
    """What each answer adds, and what members come to by that."""
    draws = np.random.default_rng(seed)
    asked = sorted({(a, v) for one in members for a, v in one.items()}, key=str)
    adds = dict(zip(asked, draws.normal(0, strength, len(asked)), strict=True))
    return adds, np.array([sum(adds[item] for item in one.items()) for one in members])


def true_effects(members, adds, address: str, following) -> dict[str, float]:
    """By the definition: each way to answer what follows counts once for the answer."""
    found: dict[str, float] = {}
    for answer in {one[address] for one in members if address in one}:
        ways = {
            tuple((a, one[a]) for a in (address, *following) if a in one)
            for one in members if one.get(address) == answer
        }  # fmt: skip
        found[str(answer)] = float(np.mean([sum(adds[item] for item in way) for way in ways]))
    mean = float(np.mean(list(found.values())))
    return {answer: value - mean for answer, value in found.items()}


def covered(members, strength: float, noise: float, seed: int) -> tuple[int, int]:
    """How many of how many intervals have the true effect in them."""
    adds, values = added(members, strength, seed)
    values = values + np.random.default_rng(seed + 1).normal(0, noise, len(values))
    found = effects_of(answers_of([made(n, m, 0.0) for n, m in enumerate(members)]), values)
    assert found is not None
    hits = many = 0
    for address, answers in found.by_decision.items():
        truth = true_effects(members, adds, address, found.following.get(address, ()))
        for one in answers:
            assert one.interval is not None
            hits += one.interval[0] <= truth[one.answer] <= one.interval[1]
            many += 1
    return hits, many


@pytest.fixture(scope="module")
def digits() -> list[dict[str, Any]]:
    """Members of the bundled space inside its budget, drawn alike."""
    space = archdsl.space("specs/spaces/digits.yaml")
    return [dict(one.decisions) for one in space.draws(8_000, {"macs": "600k"}, seed=5)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "strength", "noise"),
    [(50, 0.02, 0.02), (100, 0.02, 0.02), (100, 0.02, 0.005), (400, 0.02, 0.02)],
)
def test_intervals_cover_the_true_effect_of_a_sum_as_often_as_they_say(
    digits, count: int, strength: float, noise: float
) -> None:
    shares = []
    for seed in range(40):
        at = np.random.default_rng(seed).choice(len(digits), count, replace=False)
        hits, many = covered([digits[one] for one in at], strength, noise, seed)
        shares.append(hits / many)
    # those of one search are no independent draws, so that the margin is over searches
    margin = 3 * np.std(shares, ddof=1) / math.sqrt(len(shares))
    assert 0.93 - margin <= np.mean(shares) <= 0.99
    assert margin < 0.05


@pytest.mark.slow
def test_of_noise_alone_they_cover_none(digits) -> None:
    found = []
    for seed in range(20):
        at = np.random.default_rng(seed).choice(len(digits), 100, replace=False)
        found.append(covered([digits[one] for one in at], 0.0, 0.02, seed))
    hits, many = map(sum, zip(*found, strict=True))
    assert hits / many >= 0.95


@pytest.mark.parametrize("seed", range(3))
def test_they_cover_the_true_effects_of_one_search(seed: int) -> None:
    hits, many = covered(drawn(150, seed), 0.02, 0.01, seed)
    assert hits >= 0.8 * many


def test_a_large_effect_is_told_apart_and_has_its_size() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 200)
    members = drawn(200)
    gain = {8: -0.1, 16: 0.0, 24: 0.1}
    found = effects(
        record(
            [made(n, m, 0.5 + gain[m["params.width"]] + noise[n]) for n, m in enumerate(members)]
        )
    )
    assert found is not None
    for one in found.by_decision["params.width"]:
        low, high = one.interval
        assert low <= gain[int(one.answer)] <= high
        assert high - low < 0.02
    assert found.noise == pytest.approx(0.01, rel=0.3)


def test_a_sampler_that_favours_an_answer_does_not_make_it_good() -> None:
    draws = np.random.default_rng(0)
    members = []
    for number in range(300):  # width does it, and late trials have the wide and the pooling ones
        late = number >= 100
        width = 24 if late and draws.random() < 0.9 else int(draws.choice([8, 24]))
        mixer = "pooling" if late and draws.random() < 0.9 else str(draws.choice(["a", "pooling"]))
        members.append({"params.width": width, "stages.0.token_mixer": mixer})
    trials = [
        made(n, m, 0.1 * (m["params.width"] == 24) + draws.normal(0, 0.01))
        for n, m in enumerate(members)
    ]
    found = effects(record(trials))
    for one in found.by_decision["stages.0.token_mixer"]:
        assert one.interval[0] <= 0 <= one.interval[1]
        assert abs(one.change) < 0.01
    raw = {
        mixer: np.mean([t.values[0] for t in trials if mixer in t.decisions.values()])
        for mixer in ("a", "pooling")
    }
    assert raw["pooling"] - raw["a"] > 0.02, "which their means say all the same"


def test_of_a_loss_an_effect_is_in_the_metrics_own_sense() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 60)
    trials = [made(n, {"a": n % 2}, 1.0 - 0.3 * (n % 2) + noise[n]) for n in range(60)]
    found = effects(record(trials, [Objective("accuracy", "minimize")]))
    low, high = found.by_decision["a"]
    assert low.change == pytest.approx(0.15, abs=0.02)
    assert high.change == pytest.approx(-0.15, abs=0.02)
    assert high.interval[0] < high.change < high.interval[1] < 0


def test_effects_of_the_answers_to_a_decision_add_up_to_nothing_and_scale_with_the_metric() -> None:
    members, noise = drawn(80), np.random.default_rng(0).normal(size=80)
    table = answers_of([made(n, m, 0.0) for n, m in enumerate(members)])
    one, thousand = effects_of(table, noise), effects_of(table, 5 + 1000 * noise)
    for address, answers in one.by_decision.items():
        assert sum(each.change for each in answers) == pytest.approx(0, abs=1e-9)
        for here, there in zip(answers, thousand.by_decision[address], strict=True):
            assert there.change == pytest.approx(1000 * here.change, rel=1e-6, abs=1e-6)
            assert there.interval == pytest.approx(
                tuple(1000 * end for end in here.interval), rel=1e-6, abs=1e-6
            )
    assert one == effects_of(table, noise), "and the same again"


def test_of_many_trials_it_knows_some_and_the_best() -> None:
    members = drawn(KNOWN + 200)
    draws = np.random.default_rng(0)
    values = draws.normal(size=len(members))
    found = effects(record([made(n, m, float(values[n])) for n, m in enumerate(members)]))
    assert (found.trials, found.known) == (KNOWN + 200, KNOWN)


def test_an_answer_that_it_has_not_seen_has_no_effect() -> None:
    values = np.random.default_rng(0).normal(size=KNOWN + 500)
    trials = [made(n, {"a": n % 2, "b": n % 2}, float(v)) for n, v in enumerate(values)]
    worst = int(np.argmin(values))
    trials[worst] = made(worst, {"a": "once", "b": 0}, float(values[worst]))
    known = effects(record(trials)).by_decision["a"]
    alone = [one for one in known if one.answer == "once"]
    assert all((one.change is None) == (one.interval is None) for one in known)
    assert len(alone) == 1


def test_a_figure_far_below_the_rest_is_moved_and_counted() -> None:
    members, values = drawn(60), np.random.default_rng(0).normal(size=60)
    values[7] = -1e6
    trials = [made(n, m, float(values[n])) for n, m in enumerate(members)]
    found = effects(record(trials))
    assert found.moved >= 1 and found.noise < 10


@pytest.mark.parametrize("count", [0, 1, 2, 9, LEAST - 1, LEAST])
def test_few_trials_have_none(count: int) -> None:
    found = effects(record([made(n, m, n / 9) for n, m in enumerate(drawn(count))]))
    assert (found is not None) == (count >= LEAST)


@pytest.mark.parametrize(
    "values",
    [
        np.full(60, 0.5),
        np.full(60, np.nan),
        np.r_[np.full(31, np.nan), np.arange(29.0)],
        np.r_[np.full(31, 1e301), np.arange(29.0)],
    ],
)
def test_where_all_came_to_the_same_or_to_no_figure_there_are_none(values) -> None:
    table = answers_of([made(n, m, 0.0) for n, m in enumerate(drawn(60))])
    assert effects_of(table, values) is None


@pytest.mark.parametrize(
    "values",
    [
        np.r_[np.nan, np.inf, -np.inf, np.arange(57.0)],
        np.r_[1e300, np.zeros(59)],
        np.r_[-1e300, np.arange(59.0)],
        np.arange(60) * 1e150,
        np.arange(60) * 1e-150,
        np.arange(60) * 1e-310,
        np.arange(60) * 1e298,
    ],
)
def test_any_figures_lead_to_finite_ones(values) -> None:
    table = answers_of([made(n, m, 0.0) for n, m in enumerate(drawn(60))])
    found = effects_of(table, values)
    for answers in found.by_decision.values():
        for one in answers:
            assert np.isfinite([one.change, *one.interval]).all()


def test_a_space_of_one_decision_or_of_none() -> None:
    values = np.random.default_rng(0).normal(size=60)
    one = effects(record([made(n, {"a": n % 2}, float(v)) for n, v in enumerate(values)]))
    assert set(one.by_decision) == {"a"}
    alike = effects(record([made(n, {"a": 1}, float(v)) for n, v in enumerate(values)]))
    none = effects(record([made(n, {}, float(v)) for n, v in enumerate(values)]))
    assert alike.by_decision == none.by_decision == {}
