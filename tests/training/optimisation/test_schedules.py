"""The share of the peak rate by step: where it begins, how it goes, where it ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.training import Recipe
from archdsl.training.optimisation.schedules import rate_of

schedules = st.sampled_from(["cosine", "wsd", "constant"])


@given(schedules, st.integers(1, 30), st.integers(1, 9), st.floats(0, 9), st.floats(0, 1))
def test_a_rate_is_between_nothing_and_the_peak_and_rises_before_it_falls(
    schedule, epochs, steps, warmup, begin
) -> None:
    total = epochs * steps
    of = rate_of(Recipe(schedule=schedule, epochs=epochs, warmup=warmup, warmup_lr=begin), total)
    rates = [of(step) for step in range(total)]
    assert all(0 <= one <= 1 for one in rates)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


def test_a_constant_rate_stays_once_it_is_there() -> None:
    of = rate_of(Recipe(schedule="constant", epochs=3, warmup=1), 12)
    assert [of(step) for step in range(12)] == [0.25, 0.5, 0.75, *[1.0] * 9]


def test_a_warm_up_begins_where_the_recipe_says() -> None:
    of = rate_of(Recipe(schedule="constant", epochs=3, warmup=1, warmup_lr=0.5), 12)
    assert [of(step) for step in range(5)] == [0.625, 0.75, 0.875, 1.0, 1.0]


def test_with_a_tail_a_cosine_is_down_before_the_end() -> None:
    whole = rate_of(Recipe(epochs=3, warmup=1, final_lr=0.25), 12)
    longer = rate_of(Recipe(epochs=5, tail=2, warmup=1, final_lr=0.25), 20)
    assert [longer(step) for step in range(12)] == [whole(step) for step in range(12)]
    assert [longer(step) for step in range(12, 20)] == pytest.approx([0.25] * 8)
