"""A paused trial is seen as its score and the mean gain of those promoted from its rung."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.study.halving.believed import Believed

RUNGS = (1, 3, 9)


def seen(*results: tuple[int, int, float | None]) -> dict[int, float | None]:
    """What is believed of each trial after results of one objective, in their order."""
    believed = Believed(RUNGS)
    found = {}
    for trial, until, score in results:
        believed.tell(trial, until, None if score is None else (score,))
        found |= dict(believed.changed())
    return {trial: None if scores is None else scores[0] for trial, scores in found.items()}


def test_without_a_promotion_it_is_the_score() -> None:
    assert seen((0, 1, 0.2), (1, 1, 0.4)) == {0: 0.2, 1: 0.4}


def test_who_is_paused_gains_what_the_promoted_gained_on_every_rung_above() -> None:
    found = seen((0, 1, 0.2), (1, 1, 0.4), (1, 3, 0.5), (1, 9, 0.7))
    assert found == {0: pytest.approx(0.2 + 0.1 + 0.2), 1: 0.7}


def test_a_gain_is_the_mean_of_the_first_1_2_4_promoted() -> None:
    promoted = [(n, until, score) for n, gain in enumerate((0.1, 0.3, 0.8), start=1)
                for until, score in ((1, 0.5), (3, 0.5 + gain))]  # fmt: skip
    assert seen((0, 1, 0.2), *promoted[:2])[0] == pytest.approx(0.3)
    assert seen((0, 1, 0.2), *promoted[:4])[0] == pytest.approx(0.4)
    assert seen((0, 1, 0.2), *promoted)[0] == pytest.approx(0.4)  # two of three


def test_a_failure_is_one_also_after_a_score() -> None:
    assert seen((0, 1, 0.2), (0, 3, None)) == {0: None}


def test_only_what_changed_is_told_again() -> None:
    believed = Believed(RUNGS)
    believed.tell(0, 1, (0.2, -5.0))
    believed.tell(1, 1, (0.4, -6.0))
    assert dict(believed.changed()) == {0: (0.2, -5.0), 1: (0.4, -6.0)}
    assert dict(believed.changed()) == {}
    believed.tell(1, 3, (0.5, -6.0))
    # a cost gains nothing
    assert dict(believed.changed()) == {0: (pytest.approx(0.3), -5.0), 1: (0.5, -6.0)}


@given(st.permutations(range(5)), st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_on_one_rung_the_order_is_that_of_the_scores(order, scores) -> None:
    """Whatever was gained above: all that are paused on one rung gain the same."""
    told = [(trial, 1, scores[trial]) for trial in order]
    found = seen(*told, (order[0], 3, 0.9))
    paused = sorted(order[1:], key=lambda trial: scores[trial])
    assert [found[trial] for trial in paused] == sorted(found[trial] for trial in paused)
