"""How large a final round is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from archdsl.language.settings import FinalSettings
from archdsl.study.final.size import LEAST_SEEDS, SHARE, size


@given(st.integers(0, 6), st.integers(0, 1000), st.integers(1, 50))
def test_it_takes_half_of_what_the_trials_did_or_is_as_small_as_it_gets(
    beside: int, spent: int, epochs: int
) -> None:
    found = size(FinalSettings(), beside, spent, epochs)
    cost = (found.keep + beside) * found.seeds * epochs
    smallest = (found.keep, found.seeds) == (1, LEAST_SEEDS)
    assert cost <= SHARE * spent or smallest
    assert (found.note is None) == ((found.keep, found.seeds) == (5, 3))


@given(st.integers(1, 9), st.integers(2, 9), st.integers(0, 100))
def test_what_was_asked_for_is_not_made_smaller(keep: int, seeds: int, spent: int) -> None:
    found = size(FinalSettings(keep, seeds, None, asked=True), 3, spent, 10)
    assert (found.keep, found.seeds, found.note) == (keep, seeds, None)


def test_the_best_shrink_before_the_seeds_and_it_is_said() -> None:
    found = size(FinalSettings(), 2, 50 * 12, 12)
    assert (found.keep, found.seeds, found.note) == (5, 3, None)
    found = size(FinalSettings(), 2, 20 * 12, 12)
    assert (found.keep, found.seeds) == (1, 3)
    found = size(FinalSettings(), 2, 12 * 12, 12)
    assert (found.keep, found.seeds) == (1, 2)
    assert found.note == (
        "the final round trains 1 of the best instead of 5, with 2 seeds: more would take over "
        "half of what the trials took.  search.final: {keep: 5, seeds: 3}  asks for it all the same"
    )
