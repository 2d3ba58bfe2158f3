"""Several drivers of one study: each trial once, whoever is killed, stopped and woken up."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from tests.study.database.drivers import begun, notices, start, trials, until

TRIALS = 18


def of(folder: Path, name: str) -> int | None:
    """The trial that a driver is the last to have begun with."""
    own = [number for who, number in begun(folder) if who == name]
    return own[-1] if own else None


@pytest.mark.slow
def test_three_drivers_share_the_trials_of_one_study(storage, tmp_path) -> None:
    drivers = [start(storage, tmp_path, name, trials=TRIALS) for name in "abc"]
    for one in drivers:
        one.join()
    assert [one.exitcode for one in drivers] == [0, 0, 0]
    judged = [number for _, number in begun(tmp_path)]
    assert sorted(judged) == list(range(TRIALS)), "each once"
    assert len({who for who, _ in begun(tmp_path)}) > 1
    found = trials(tmp_path / "a")
    assert [number for number, state, *_ in found if state == "complete"] == list(range(TRIALS))
    records = [(tmp_path / name / "record.jsonl").read_bytes() for name in "abc"]
    assert records[0] == records[1] == records[2]
    for name in "abc":
        for file in ("best.yaml", "best.py", "trials.jsonl", "report.html"):
            assert (tmp_path / name / file).is_file(), (name, file)


@pytest.mark.slow
def test_the_trial_of_a_driver_that_was_killed_is_taken_over(storage, tmp_path) -> None:
    victim = start(storage, tmp_path, "victim", trials=TRIALS, seconds=60)
    lost = until(lambda: begun(tmp_path))[0][1]
    others = [start(storage, tmp_path, name, trials=TRIALS) for name in "ab"]
    until(lambda: len(begun(tmp_path)) > 3)
    os.kill(victim.pid, signal.SIGKILL)
    for one in others:
        one.join()
    assert [one.exitcode for one in others] == [0, 0]
    judged = [number for _, number in begun(tmp_path)]
    assert sorted(judged) == sorted([*range(TRIALS), lost]), "the lost one twice"
    found = trials(tmp_path / "a")
    assert [(number, state) for number, state, *_ in found] == [
        (number, "complete") for number in range(TRIALS)
    ]


@pytest.mark.slow
def test_the_late_result_of_one_that_was_stopped_is_refused(storage, tmp_path) -> None:
    sleeper = start(storage, tmp_path, "sleeper", trials=TRIALS, seconds=1)
    lost = until(lambda: begun(tmp_path))[0][1]
    os.kill(sleeper.pid, signal.SIGSTOP)
    others = [start(storage, tmp_path, name, trials=TRIALS) for name in "ab"]
    for one in others:
        one.join()
    before = trials(tmp_path / "a")
    assert len(before) == TRIALS, "the lost one among them"
    record = (tmp_path / "a" / "record.jsonl").read_bytes()
    os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join()
    assert [one.exitcode for one in (*others, sleeper)] == [0, 0, 0]
    assert trials(tmp_path / "sleeper") == before
    assert any(f"trial {lost} is another driver's by now" in one
               for one in notices(tmp_path, "sleeper"))  # fmt: skip
    assert (tmp_path / "sleeper" / "record.jsonl").read_bytes().startswith(record)


@pytest.mark.slow
def test_one_that_slept_while_nobody_else_was_there_goes_on(storage, tmp_path) -> None:
    sleeper = start(storage, tmp_path, "sleeper", trials=3, seconds=0.5)
    until(lambda: begun(tmp_path))
    os.kill(sleeper.pid, signal.SIGSTOP)
    time.sleep(3)
    os.kill(sleeper.pid, signal.SIGCONT)
    sleeper.join()
    assert sleeper.exitcode == 0
    assert [number for _, number in begun(tmp_path)] == [0, 1, 2]


@pytest.mark.slow
def test_a_driver_that_was_killed_goes_on_at_once_in_its_own_directory(storage, tmp_path) -> None:
    storage = {**storage, "lease": "10m"}
    first = start(storage, tmp_path, "a", trials=4, seconds=60)
    until(lambda: begun(tmp_path))
    os.kill(first.pid, signal.SIGKILL)
    first.join()
    again = start(storage, tmp_path, "a", trials=4)
    again.join()
    assert again.exitcode == 0
    assert [number for number, *_ in trials(tmp_path / "a")] == [0, 1, 2, 3]
