"""Two trainings epoch by epoch: when they are called equal, alike, different."""

from __future__ import annotations

from math import nan, sqrt
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from archdsl.study.record.state import fold
from archdsl.study.replay.comparison import Replayed, first_apart
from archdsl.study.replay.noise import SeedNoise, noise_of
from archdsl.study.replay.trainings import recorded
from tests.study.replay.test_trainings import BEGINS, a_round, trained

STATE = fold([*BEGINS, *trained(0, 2, "complete"), *a_round()])
THEN = [{"step": 1, "accuracy": 0.5}, {"step": 2, "accuracy": 0.5}]
NOISE = SeedNoise("final/0", 3, 9, 12, 0.04)


def replayed(
    now: float, differences: tuple[str, ...] = (), noise: SeedNoise | None = NOISE
) -> Replayed:
    epochs = (THEN[0], {"step": 2, "accuracy": now})
    return Replayed("tiny", recorded(STATE, Path("run"), "0"), epochs, differences,
                    ("accuracy",), {"accuracy": noise})  # fmt: skip


OTHER = ("torch was 2.13.0, and now it is 2.14.0",)
AT = "differs by 0.0400 after the last epoch"


@pytest.mark.parametrize(
    ("found", "finding", "sentence", "notes"),
    [
        (replayed(0.5), "equal", "equal to the digit in 2 epochs", []),
        (replayed(0.5, OTHER), "equal", "equal to the digit in 2 epochs", []),
        (
            replayed(0.54),
            "differs",
            "differs from epoch 2 of 2 epochs on, on the same machine, device and threads, with "
            "the same versions",
            [
                "accuracy differs by 0.0400 after the last epoch; two seeds differ by at most "
                "0.0400 in 95 of 100 cases (final/0: 9 trainings of 3 networks, 12 epochs each)",
                "code or data of your own may draw numbers that follow from no seed; where there "
                "are none, please report it",
            ],
        ),
        (
            replayed(0.53, OTHER),
            "within noise",
            "differs from epoch 2 of 2 epochs on, within the noise of seeds at the end",
            [
                "not the same: torch was 2.13.0, and now it is 2.14.0",
                "accuracy differs by 0.0300 after the last epoch; two seeds differ by at most "
                "0.0400 in 95 of 100 cases (final/0: 9 trainings of 3 networks, 12 epochs each)",
            ],
        ),
        (
            replayed(0.45, OTHER),
            "differs",
            "differs from epoch 2 of 2 epochs on, beyond the noise of seeds at the end",
            [
                "not the same: torch was 2.13.0, and now it is 2.14.0",
                "accuracy differs by 0.0500 after the last epoch; two seeds differ by at most "
                "0.0400 in 95 of 100 cases (final/0: 9 trainings of 3 networks, 12 epochs each)",
            ],
        ),
        (
            replayed(0.45, OTHER, None),
            "unknown",
            "differs from epoch 2 of 2 epochs on, and no noise was measured to compare with",
            [
                "not the same: torch was 2.13.0, and now it is 2.14.0",
                "accuracy differs by 0.0500 after the last epoch; no final round trained a "
                "network with two seeds",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_said_of_two_trainings(found, finding, sentence, notes) -> None:
    assert found.finding == found.record()["finding"] == finding
    assert found.sentence() == f"trial 0 of tiny: {sentence}"
    assert found.notes() == notes


def test_fewer_epochs_than_on_record_are_no_noise() -> None:
    short = Replayed("tiny", recorded(STATE, Path("run"), "0"), (THEN[0],), OTHER, ("accuracy",),
                     {"accuracy": NOISE})  # fmt: skip
    assert short.finding == "differs"


EPOCHS = st.lists(st.dictionaries(st.sampled_from("abc"), st.floats()), max_size=4)


@given(EPOCHS, EPOCHS)
def test_the_first_epoch_apart_is_the_first_that_is_not_the_same(one, other) -> None:
    assert first_apart(one, one) is None
    at = first_apart(one, other)
    assert first_apart(other, one) == at
    if at is None:
        assert (
            repr(one).replace("-0.0", "0.0") == repr(other).replace("-0.0", "0.0") or one == other
        )
    else:
        assert first_apart(one[:at], other[:at]) is None
        assert first_apart(one[: at + 1], other[: at + 1]) == at


def test_nan_is_itself_and_a_metric_that_is_gone_is_another() -> None:
    assert first_apart([{"a": nan}], [{"a": nan}]) is None
    assert first_apart([{"a": 1.0}], [{"a": nan}]) == 0
    assert first_apart([{"a": 1.0}], [{}]) == 0


def test_the_noise_is_that_of_two_draws_of_the_pooled_seeds() -> None:
    """By the formula for the difference of two draws, with scipy's Student's t."""
    state = fold([*BEGINS, *trained(0, 2, "complete"), *rounds([[0.1, 0.3], [0.5, 0.8], [0.4]])])
    found = noise_of(state, "accuracy")
    assert found is not None
    assert (found.networks, found.trainings, found.epochs) == (2, 4, 3)
    variance = (0.02 + 0.045) / 2
    assert found.bound == pytest.approx(stats.t.ppf(0.975, 2) * sqrt(2 * variance))
    assert noise_of(state, "loss") is None
    assert noise_of(STATE, "accuracy") is None, "no network there has two seeds by now"


def rounds(values: list[list[float]]) -> list[Any]:
    """A final round whose networks came to so much with their seeds, some of them not over."""
    from archdsl.study.record.events import Round, Running, Training, TrainingOver

    entrants = [
        {"name": f"trial-{n:05}", "roles": ["kept"], "trial": n, "decisions": {}, "costs": {},
         "network": ""} for n in range(len(values))
    ]  # fmt: skip
    found: list[Any] = [Round(0, 1, {}, entrants, [1, 2], 3, "rule", None)]
    for number, its in enumerate(values):
        for seed, value in enumerate(its, start=1):
            key = Training(number, "final/0", seed, 0)
            over = TrainingOver(key, "complete", {"accuracy": value}, None, None, None, 1.0, 1.0,
                                2.0)  # fmt: skip
            found += [Running(key, None, 1.0), over]
    return found
