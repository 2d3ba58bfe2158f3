"""Learning curves in sum: groups of trials that went equally far."""

from __future__ import annotations

import pytest

from archdsl.study.report.curves import BEST, MOST_GROUPS, learning_curves
from tests.study.records import made, record


def epochs(*values: float) -> tuple[dict[str, float], ...]:
    return tuple({"step": n, "accuracy": value} for n, value in enumerate(values, 1))


def test_trials_that_went_equally_far_are_one_group_with_its_quartiles() -> None:
    paused = [
        made(n, {}, None, state="paused", cause=None, epochs=epochs(n / 10, n / 5))
        for n in range(5)
    ]
    whole = [made(5 + n, {}, n / 9, epochs=epochs(0.1, 0.2, 0.3 + n / 9)) for n in range(3)]
    found = learning_curves(record([*paused, *whole]))
    first, second = found.groups
    assert (first.epochs, first.trials, first.steps) == (None, 3, (1.0, 2.0, 3.0))
    assert (second.epochs, second.trials, second.steps) == (2.0, 5, (1.0, 2.0))
    assert second.median == pytest.approx((0.2, 0.4))
    assert second.low == pytest.approx((0.1, 0.2)) and second.high == pytest.approx((0.3, 0.6))
    assert (found.trials, found.left_out) == (8, 0)


def test_the_best_are_shown_themselves_the_best_first() -> None:
    values = [0.1, 0.5, 0.3, 0.9, 0.5]
    found = learning_curves(
        record([made(n, {}, v, epochs=epochs(0.0, v)) for n, v in enumerate(values)])
    )
    assert list(found.best) == [3, 1, 4][:BEST]
    assert found.best[3] == ((1.0, 0.0), (2.0, 0.9))


def test_trials_that_failed_or_ended_where_few_did_are_counted_as_left_out() -> None:
    trials = [made(0, {}, 0.5, epochs=epochs(0.1, 0.5)),
              made(1, {}, None, epochs=epochs(0.1, 0.2))]  # fmt: skip
    ends = range(2, 2 + MOST_GROUPS + 2)
    for end in ends:
        trials += [
            made(10 * end + n, {}, None, state="paused", cause=None, epochs=epochs(*[0.1] * end))
            for n in range(end)
        ]
    found = learning_curves(record(trials))
    assert None in {one.epochs for one in found.groups}, "those that are whole always are"
    assert len(found.groups) <= MOST_GROUPS + 1
    assert found.left_out == found.trials - sum(one.trials for one in found.groups) >= 1


def test_a_validation_every_few_epochs_and_what_is_no_figure_leave_gaps() -> None:
    said = (
        {"step": 1, "loss": 2.0}, {"step": 2, "accuracy": 0.2}, {"step": 3, "loss": 1.0},
        {"step": 4, "accuracy": float("nan")}, {"step": 6, "accuracy": 0.6},
    )  # fmt: skip
    found = learning_curves(record([made(0, {}, 0.6, epochs=said)]))
    assert found.groups[0].steps == (2.0, 6.0) and found.groups[0].low == (0.2, 0.6)


def test_where_no_trial_said_two_values_there_are_none() -> None:
    assert learning_curves(record([])) is None
    assert learning_curves(record([made(0, {}, 0.5), made(1, {}, 0.5, epochs=epochs(0.5))])) is None
