"""Two trainings epoch by epoch: when they are called equal, alike, different."""

from __future__ import annotations

from dataclasses import replace
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
                "accuracy differs by 0.0500 after the last epoch; no final round of 2 epochs "
                "tells what two seeds differ by",
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
    found = noise_of(state, "accuracy", 3)
    assert found is not None
    assert (found.networks, found.trainings, found.epochs) == (2, 4, 3)
    variance = (0.02 + 0.045) / 2
    assert found.bound == pytest.approx(stats.t.ppf(0.975, 2) * sqrt(2 * variance))
    assert noise_of(state, "loss", 3) is None
    assert noise_of(state, "accuracy", 2) is None, "that of trainings of three epochs is another"
    assert noise_of(STATE, "accuracy", 3) is None, "no network there has two seeds by now"


def test_seeds_that_came_to_one_figure_measure_no_noise() -> None:
    trial = [*BEGINS, *trained(0, 2, "complete")]
    measured, none = rounds([[0.1, 0.3]]), [[0.5, 0.5], [0.25, 0.25]]
    before = fold([*trial, *measured])
    assert noise_of(fold([*trial, *rounds(none)]), "accuracy", 3) is None
    both = fold([*trial, *measured, *rounds(none, 1)])
    assert noise_of(both, "accuracy", 3) == noise_of(before, "accuracy", 3) is not None


def test_what_cannot_be_held_against_noise_does_not_differ() -> None:
    """A training that is not over, and one whose last epoch has no figure."""
    half = recorded(fold([*BEGINS, *trained(0, 2)]), Path("run"), "0")
    now = (THEN[0], {"step": 2, "accuracy": 0.9})
    found = Replayed("tiny", half, now, OTHER, ("accuracy",), {"accuracy": NOISE})
    assert (found.finding, found.sentence(), found.notes()) == (
        "unknown",
        "trial 0 of tiny: differs from epoch 2 of 2 epochs on, and what seeds do before the last "
        "epoch is not known",
        [
            "it has not come to its end: the epochs so far are compared",
            "not the same: torch was 2.13.0, and now it is 2.14.0",
            "accuracy differs by 0.4000 after the last epoch so far",
        ],
    )
    bare = replace(half, complete=True, epochs=(THEN[0], {"step": 2, "loss": 0.5}))
    now = (THEN[0], {"step": 2, "loss": 0.75})
    found = Replayed("tiny", bare, now, OTHER, ("accuracy",), {"accuracy": NOISE})
    assert (found.finding, found.sentence(), found.notes()[1:]) == (
        "unknown",
        "trial 0 of tiny: differs from epoch 2 of 2 epochs on, and after the last there is no "
        "figure to compare",
        ["by how much accuracy differs is not known: the last epoch has none to compare"],
    )
    assert replace(found, differences=()).finding == "differs", "nothing excuses it"


def rounds(values: list[list[float]], index: int = 0) -> list[Any]:
    """A final round whose networks came to so much with their seeds, some of them not over."""
    from archdsl.study.record.events import Round, Running, Training, TrainingOver

    entrants = [
        {"name": f"trial-{n:05}", "roles": ["kept"], "trial": n, "decisions": {}, "costs": {},
         "network": ""} for n in range(len(values))
    ]  # fmt: skip
    found: list[Any] = [Round(index, 1, {}, entrants, [1, 2], 3, "rule", None)]
    for number, its in enumerate(values):
        for seed, value in enumerate(its, start=1):
            key = Training(number, f"final/{index}", seed, 0)
            over = TrainingOver(key, "complete", {"accuracy": value}, None, None, None, 1.0, 1.0,
                                2.0)  # fmt: skip
            found += [Running(key, None, 1.0), over]
    return found
