"""What is better than what."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.objectives import best, front, joined, values_of
from archdsl.study.trial import Trial

UP, DOWN = Objective("accuracy", "maximize"), Objective("macs", "minimize")


def trial(number: int, *values: float) -> Trial:
    state = "complete" if values else "failed"
    return Trial(number, "random", {}, "", {}, str(number), state, values=values or None)


def dominates(one: Trial, other: Trial) -> bool:
    assert one.values and other.values
    (up, down), (their_up, their_down) = one.values, other.values
    return up >= their_up and down <= their_down and one.values != other.values


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12))
def test_the_front_is_what_nothing_dominates(pairs: list[tuple[int, int]]) -> None:
    trials = [trial(number, up, down) for number, (up, down) in enumerate(pairs)]
    found = front((UP, DOWN), trials)
    assert {t.values for t in found} == {
        t.values for t in trials if not any(dominates(other, t) for other in trials)
    }
    assert len({t.values for t in found}) == len(found)
    for kept in found:
        assert kept.number == min(t.number for t in trials if t.values == kept.values)


@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)) | st.just(()), max_size=12),
    st.sampled_from([(UP, DOWN), (DOWN, UP), (UP,)]),
    st.randoms(use_true_random=False),
)
def test_a_front_that_trials_join_one_by_one_is_the_front_of_all(given, objectives, draws) -> None:
    trials = [trial(number, *values[: len(objectives)]) for number, values in enumerate(given)]
    draws.shuffle(trials)  # they end in any order
    kept: list[Trial] = []
    for count, one in enumerate(trials, start=1):
        kept = joined(objectives, kept, one)
        assert kept == front(objectives, trials[:count])


def test_the_best_of_a_front_leads_in_the_first_objective() -> None:
    trials = [trial(0, 0.5, 10), trial(1, 0.9, 50), trial(2, 0.7, 20)]
    assert [t.number for t in front((UP, DOWN), trials)] == [1, 2, 0]
    assert [t.number for t in front((DOWN, UP), [trial(0, 9, 0.1), trial(1, 4, 0.1)])] == [1]


def test_of_equals_the_earlier_is_best_and_failures_never() -> None:
    found = best((UP,), [trial(0), trial(1, 0.3), trial(2, 0.8), trial(3, 0.8)])
    assert found is not None and found.number == 2
    assert best((UP,), [trial(0)]) is None


def test_costs_and_metrics_are_found_by_name() -> None:
    assert values_of((UP, DOWN), {"accuracy": 0.5, "macs": 3.0}, {"macs": 7}) == (0.5, 7.0)
    with pytest.raises(SearchError, match=r"no metric is called 'accuracy'.*loss"):
        values_of((UP,), {"loss": 0.5}, {"macs": 7})
