"""kill -9 at any moment, then the same command: nothing lost, doubled or counted twice."""

from __future__ import annotations

import json
import multiprocessing
import random
import time
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import pytest

from archdsl.study import Candidate, search
from archdsl.study.record.folder import read_state
from tests.study.conftest import judged, tiny_space

TRIALS = 14


def slowly(log: Path, candidate: Candidate) -> float:
    """Note on disk who was judged, and take a while over it."""
    with log.open("a") as file:
        file.write(f"{candidate.number}\n")
    (candidate.folder / "weights.safetensors").write_text("x" * 10_000)
    for step in range(3):
        candidate.report(step, step / 10)
        time.sleep(0.003)
    if candidate.number % 7 == 5:
        raise ValueError("this one cannot be trained")
    return judged(candidate)


def searching(out: Path, log: Path, begun: Any) -> None:
    space = tiny_space(
        {"params.width": 8},
        trials=TRIALS,
        budget={"macs": "60k"},
        maximize="accuracy",
        minimize="macs",
    )
    begun.set()
    search(space, evaluate=lambda c: slowly(log, c), out=out, settings=space.spec.settings())


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        ["tests.study.conftest", "archdsl.study.session", "archdsl.study.report.figures",
         "archdsl.compiler.builder", "archdsl.cost", "archdsl.exporters", "optuna.samplers"]
    )  # fmt: skip
    return context


def start(context: ForkServerContext, out: Path, log: Path) -> ForkServerProcess:
    begun = context.Event()
    process = context.Process(target=searching, args=(out, log, begun))
    process.start()
    assert begun.wait(120)
    return process


def kill_somewhere(process: ForkServerProcess, log: Path, draws: random.Random) -> bool:
    """Kill a search some time after some more candidates were judged; False if it was over.

    Now and then at once: before there is a record, or while it is read.
    """
    more = draws.choice([0, 1, 1, 2, 3])
    goal = judgements(log) + more
    while more and process.exitcode is None and judgements(log) < goal:
        process.join(0.001)
    process.join(draws.uniform(0.0, 0.03 if more else 0.3))
    if process.exitcode is not None:
        return False
    process.kill()
    process.join()
    return True


def judgements(log: Path) -> int:
    return log.read_text().count("\n") if log.exists() else 0


def told(trials: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records without what no two runs share."""
    return [
        {k: v for k, v in trial.items() if k not in ("seconds", "trace", "begun", "ended")}
        for trial in trials
    ]


def records(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "trials.jsonl").read_text().splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_search_that_is_killed_again_and_again_ends_as_if_it_had_not_been(
    context, tmp_path, seed
) -> None:
    whole, log = tmp_path / "whole", tmp_path / "whole.log"
    process = start(context, whole, log)
    process.join()
    assert process.exitcode == 0
    draws, kills = random.Random(seed), 0
    out, log = tmp_path / "killed", tmp_path / "killed.log"
    process = start(context, out, log)
    while kill_somewhere(process, log, draws):
        kills += 1
        process = start(context, out, log)
    assert process.exitcode == 0
    assert kills > 3
    assert told(records(out)) == told(records(whole))
    assert [trial["number"] for trial in records(out)] == list(range(TRIALS))
    # judged anew is only what was being judged when the kill came
    assert TRIALS <= judgements(log) <= TRIALS + kills
    kept = {path.relative_to(out) for path in (out / "trials").rglob("*")}
    assert kept == {path.relative_to(whole) for path in (whole / "trials").rglob("*")}
    assert not list(out.glob("*.tmp"))
    assert (out / "report.html").exists() and (out / "best.yaml").exists()


def test_the_record_is_whole_after_every_kill(context, tmp_path) -> None:
    draws = random.Random(2)
    out, log = tmp_path / "run", tmp_path / "log"
    known = 0
    for _ in range(5):
        kill_somewhere(start(context, out, log), log, draws)
        state = read_state(out)
        if state is not None:
            trials = state.in_order()
            assert [trial.number for trial in trials] == list(range(len(trials)))
            assert len({trial.network for trial in trials}) == len(trials) >= known
            known = len(trials)
    assert known > 0
