"""The look at the test split: once for each trial, and again where a worker was killed."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from archdsl.study.engines.job import Job, Outcome, Over
from archdsl.study.phases.again import MOST_BROKEN
from archdsl.study.phases.looking import Looking
from archdsl.study.record.events import Looked, Training
from archdsl.study.record.rounds import Rounds

KILLED = Outcome("failed", cause="killed: its worker was ended from outside", fault="killed")
SEEN = Outcome("complete", metrics={"accuracy": 0.5})


def training(trial: int) -> Training:
    return Training(trial, "search", 0, 0)


def look(training: Training, state: Any) -> Job:
    return Job("look", training, "", "", {}, {}, "accuracy", "")


@pytest.fixture
def state() -> Any:
    """Of a search whose third trial is the best, and which has looked with none."""
    trials = [SimpleNamespace(number=number, decisions={}) for number in range(3)]
    return SimpleNamespace(best=trials[2], trials=trials, looks={}, rounds=Rounds())


@pytest.fixture
def looking() -> Looking:
    run: Any = SimpleNamespace(
        weights_of_training=lambda training: Path(__file__), has=Path.is_file
    )
    jobs: Any = SimpleNamespace(look=look, training=training)
    return Looking(run, jobs, lambda: None)


def taken(looking: Looking, state: Any, *outcomes: Outcome) -> list[int]:
    """With which trials is looked where the looks come to these outcomes."""
    found = []
    for outcome in outcomes:
        following = looking.next(state, set())
        assert following is not None and following.training is not None
        job = looking.job(following.training, state)
        found.append(job.trial)
        for event in looking.heard(Over(job, outcome), state):
            assert isinstance(event, Looked)
            state.looks[event.training] = event.metrics
    return found


def test_it_looks_once_with_the_first_and_the_best(looking, state) -> None:
    assert taken(looking, state, SEEN, SEEN) == [0, 2]
    assert looking.next(state, set()) is None and looking.notes == []


def test_a_look_whose_worker_was_killed_is_taken_again(looking, state) -> None:
    assert taken(looking, state, KILLED, SEEN, KILLED, SEEN) == [0, 0, 2, 2]
    assert looking.next(state, set()) is None and looking.notes == []


def test_after_some_that_were_killed_it_is_said_and_left(looking, state) -> None:
    assert taken(looking, state, *[KILLED] * (MOST_BROKEN + 1)) == [0] * (MOST_BROKEN + 1)
    assert looking.next(state, set()) is None
    assert looking.notes == [f"the test split was not looked at: {KILLED.cause}"]


def test_a_fault_of_the_code_is_said_at_once(looking, state) -> None:
    failed = Outcome("failed", cause="ValueError: no", fault="error")
    assert taken(looking, state, failed) == [0]
    assert looking.next(state, set()) is None
    assert looking.notes == ["the test split was not looked at: ValueError: no"]
