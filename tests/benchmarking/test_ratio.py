"""What is told apart is different, what is equal is not told apart, whatever the machine does."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.benchmarking.ratio import LEAST_ROUNDS, LEVEL, times_as_fast
from tests.benchmarking.simulated import Machine, Slowness, measured

TIMES = st.floats(1e-4, 10)

SLOWNESS: dict[str, Slowness] = {
    "not at all": lambda now: 1.0,
    "more and more": lambda now: 1 + now,
    "up and down": lambda now: 1.5 + math.sin(40 * now),
    "from one moment on": lambda now: 1.0 if now < 0.3 else 2.0,
    "in fits": lambda now: 2.0 if int(now * 300) % 7 == 0 else 1.0,
}


@given(
    pairs=st.lists(st.tuples(TIMES, TIMES), min_size=1, max_size=40),
    drift=st.lists(st.floats(0.1, 10), min_size=40, max_size=40),
)
def test_what_slows_a_whole_round_changes_nothing(pairs, drift):
    first, other = zip(*pairs, strict=True)
    slowed = [[t * d for t, d in zip(each, drift, strict=False)] for each in (first, other)]
    one, two = times_as_fast(first, other), times_as_fast(*slowed)
    assert two.median == pytest.approx(one.median)
    assert (two.low, two.high) == (pytest.approx(one.low), pytest.approx(one.high))


@given(pairs=st.lists(st.tuples(TIMES, TIMES), min_size=LEAST_ROUNDS, max_size=40))
def test_the_other_way_round_it_is_the_inverse(pairs):
    first, other = zip(*pairs, strict=True)
    one, two = times_as_fast(first, other), times_as_fast(other, first)
    assert one.low is not None and one.high is not None
    assert one.low <= one.median <= one.high
    assert (two.low, two.high) == (pytest.approx(1 / one.high), pytest.approx(1 / one.low))
    swapped = {"faster": "slower", "slower": "faster", "not told apart": "not told apart"}
    assert two.finding == swapped[one.finding]


@pytest.mark.parametrize("slowness", SLOWNESS.values(), ids=SLOWNESS)
@pytest.mark.parametrize("seed", range(8))
def test_equal_subjects_are_never_ranked(slowness, seed, monkeypatch):
    first, *others = measured(Machine(slowness, seed, noise=0.05), [0.003] * 4, monkeypatch)
    findings = [times_as_fast(first.rounds, each.rounds).finding for each in others]
    assert findings == ["not told apart"] * 3


@pytest.mark.parametrize("slowness", SLOWNESS.values(), ids=SLOWNESS)
@pytest.mark.parametrize("seed", range(8))
def test_a_clear_difference_is_found(slowness, seed, monkeypatch):
    seconds = [0.003, 0.0015, 0.006]
    first, fast, slow = measured(
        Machine(slowness, seed, noise=0.05), seconds, monkeypatch, rounds=40
    )
    assert times_as_fast(first.rounds, fast.rounds).finding == "faster"
    assert times_as_fast(first.rounds, slow.rounds).finding == "slower"


def test_one_after_the_other_a_drift_would_rank_equal_subjects(monkeypatch):
    machine = Machine(SLOWNESS["more and more"], noise=0.05)
    one, other = (measured(machine, [0.003], monkeypatch)[0].rounds for _ in range(2))
    assert times_as_fast(one, other).finding == "slower", "or the laws above show nothing"


@pytest.mark.parametrize("rounds", [LEAST_ROUNDS, 20])
def test_chance_ranks_no_more_often_than_the_level_says(rounds):
    random = np.random.default_rng(0)
    tries = 1_000

    def times() -> np.ndarray:
        held_up = 1 + random.exponential(0.5, rounds) * (random.random(rounds) < 0.2)
        return random.lognormal(0, 0.05, rounds) * held_up

    ranked = sum(times_as_fast(times(), times()).finding != "not told apart" for _ in range(tries))
    expected = (1 - LEVEL) * tries
    assert ranked <= expected + 4 * math.sqrt(expected)


def test_fewer_rounds_than_the_level_takes_tell_nothing_apart():
    for rounds, finding in ((LEAST_ROUNDS - 1, "not told apart"), (LEAST_ROUNDS, "faster")):
        found = times_as_fast([2.0] * rounds, [1.0] * rounds)
        assert (found.median, found.finding) == (2.0, finding)
        assert (found.low is None) == (rounds < LEAST_ROUNDS)


def test_the_least_number_of_rounds_is_that_of_the_level():
    assert 2 * 0.5 ** (LEAST_ROUNDS - 1) > 1 - LEVEL >= 2 * 0.5**LEAST_ROUNDS
