"""How far a training is, in words, for a log and for a terminal."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from archdsl.full_training.events import EpochOver, GettingReady, Remark, TrainingBegins
from archdsl.full_training.progress import (
    TrainingBar,
    TrainingLines,
    TrainingState,
    far,
    for_stream,
)
from archdsl.full_training.record import EpochRecord
from archdsl.training.steps import Step

BEGINS = TrainingBegins("tiny", "some: 2 classes", Path("runs/tiny"), 3, 10, ())


def epoch(number: int, *, best: bool = False) -> EpochOver:
    return EpochOver(number, EpochRecord({"accuracy": 0.5}, 2.0, 640.0, 0.1), best)


def step(at: int, of_epoch: int = 0) -> Step:
    return Step(of_epoch, at, 10, 1.25, 64 * at, 0.1 * at, 0.0)


@pytest.fixture
def lines() -> tuple[TrainingLines, io.StringIO]:
    stream = io.StringIO()
    return TrainingLines(stream), stream


def test_the_time_left_follows_from_the_steps_that_were_made_here() -> None:
    now = 0.0
    state = TrainingState(lambda: now)
    state.hear(BEGINS)
    now = 100.0  # what came before the first step, as decoding or compiling
    state.hear(step(1, 1))
    assert state.left is None
    now = 109.0
    state.hear(step(10, 1))
    assert state.bar == (20, 30)
    assert state.left == pytest.approx(10.0)
    said = far(state)
    assert said == "epoch 2 of 3  step 10 of 10  loss 1.2500  640 images/s  about 10 s left"


def test_a_log_has_a_line_an_epoch(lines: tuple[TrainingLines, io.StringIO]) -> None:
    shown, stream = lines
    with shown:
        for event in (
            GettingReady("reading the images", 1, 2), GettingReady("reading the images", 2, 2),
            Remark("noted"), BEGINS, step(1), step(10), epoch(0, best=True), epoch(1),
        ):  # fmt: skip
            shown(event)
    said = stream.getvalue().splitlines()
    assert said[:4] == [
        "reading the images", "noted", "tiny: 3 epochs of 10 steps on some: 2 classes",
        "the record is in runs/tiny",
    ]  # fmt: skip
    assert said[4].startswith("epoch 1 of 3  accuracy 0.5000  640 images/s  about")
    assert said[4].endswith("left  the best so far") and said[5].startswith("epoch 2 of 3")
    assert len(said) == 6


def test_a_log_has_a_line_within_a_long_epoch(lines: tuple[TrainingLines, io.StringIO]) -> None:
    shown, stream = lines
    now = 0.0
    shown.state = TrainingState(lambda: now)
    for at in range(1, 11):
        now += 20.0
        shown(BEGINS if at == 1 else step(at))
    assert sum("step" in line and "loss" in line for line in stream.getvalue().splitlines()) == 4


def test_a_training_that_goes_on_says_what_is_behind_it(
    lines: tuple[TrainingLines, io.StringIO],
) -> None:
    shown, stream = lines
    done = (EpochRecord({"accuracy": 0.5}, 1.0),)
    shown(TrainingBegins("tiny", "some", Path("runs/tiny"), 3, 10, done))
    assert "1 epoch on record already" in stream.getvalue()


def test_a_terminal_has_a_bar_below_the_lines() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=100, height=20)
    with TrainingBar(console) as shown:
        for event in (BEGINS, Remark("[bold]noted[/bold]"), step(5), epoch(0, best=True)):
            shown(event)
    said = stream.getvalue()
    assert "[bold]noted[/bold]" in said and "epoch 1 of 3" in said and "step 5 of 10" in said


def test_what_is_no_terminal_gets_lines() -> None:
    assert isinstance(for_stream(io.StringIO()), TrainingLines)
