"""A search that is asked to end: in order at first, at once when it is asked again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from archdsl.study import session
from archdsl.study.record.folder import WORKERS, read_state
from archdsl.study.signals import Interrupted
from tests.kills.searching import workers
from tests.study.conftest import TINY, judged


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_search_with_what_it_has(tiny, run, tmp_path, number) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, signal.default_int_handler)

    asked: list[bool] = []

    def evaluate(candidate: Any) -> float:
        if candidate.number == 2 and not asked:
            asked.append(True)
            os.kill(os.getpid(), number)
        return judged(candidate)

    space = tiny(trials=4, seed=1)
    try:
        result = run(space, tmp_path / "run", evaluate=evaluate)
    finally:
        signal.signal(signal.SIGINT, before[1])
    assert signal.getsignal(signal.SIGTERM) is before[0]
    assert result.interrupted and len(result.trials) == 2
    assert result.message == (
        f"interrupted after 2 of 4 trials.  the record is in {tmp_path / 'run'}; the same command "
        "goes on from there"
    )
    assert (tmp_path / "run" / "report.html").is_file()
    whole = run(space, tmp_path / "run", evaluate=evaluate)
    assert [trial.number for trial in whole.trials] == [0, 1, 2, 3]


def test_a_handler_of_the_callers_own_stays(tiny, run) -> None:
    def mine(*given: Any) -> None:
        raise LookupError("mine")

    before = signal.signal(signal.SIGTERM, mine)
    try:
        run(tiny(trials=1))
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(("first", "said"), [(True, "once more"), (False, "at the end")])
def test_one_at_the_end_ends_it_at_once_and_says_how_to_go_on(
    tiny, run, tmp_path, monkeypatch, first, said
) -> None:
    def impatient(*given: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(session, "finish", impatient)
    with pytest.raises(Interrupted) as stopped:
        run(tiny(trials=1), tmp_path / "run", evaluate=impatient if first else judged)
    assert str(stopped.value) == (
        f"interrupted {said}, after {0 if first else 1} trial{'s' * first}: the winner's files and "
        f"the report may be those of before.  the record is in {tmp_path / 'run'}; the same "
        "command goes on from there"
    )


@pytest.mark.slow
def test_sigterm_ends_the_command_and_its_workers_and_the_same_command_goes_on(tmp_path) -> None:
    (tmp_path / "space.yaml").write_text(
        TINY.replace("[1, 8, 8]", "[1, 12, 12]")
        + "search: {trials: 3, workers: 2, proxy: {epochs: 30, steps_per_epoch: 4}}\n"
    )
    command = [sys.executable, "-m", "archdsl", "search", "space.yaml", "--out", "run"]
    run = tmp_path / "run"
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        _wait_for_an_epoch(run, process)
        assert len(workers(run)) == 2
        process.terminate()
        said = process.communicate()[0]
    assert process.returncode == 130, said
    assert "the same command goes on from there" in said
    assert workers(run) == []
    went_on = subprocess.run(
        [*command, "--set", "search.proxy.epochs=30"], cwd=tmp_path, capture_output=True, text=True
    )
    assert went_on.returncode == 0, went_on.stderr
    state = read_state(run)
    assert state is not None and len(state.finished) == 3
    steps = [[one["step"] for one in reports] for reports in state.trainings.values()]
    assert steps == [list(range(1, 31))] * len(steps) and len(steps) > 3
    assert (run / WORKERS).is_file()


def _wait_for_an_epoch(run: Path, process: subprocess.Popen[str]) -> None:
    record = run / "record.jsonl"
    while process.poll() is None:
        if record.is_file() and record.read_text().count('"event": "epoch"') >= 3:
            return
        time.sleep(0.05)
    raise AssertionError(process.communicate()[0])
