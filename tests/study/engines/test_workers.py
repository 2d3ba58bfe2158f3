"""Worker processes: what a candidate's code does to one of them is on record, and nothing more."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from archdsl.errors import SearchError
from archdsl.study import Candidate, events
from archdsl.study.engines import places, workers
from archdsl.study.engines.job import Job, Over
from archdsl.study.engines.seat import Limits
from archdsl.study.engines.workers import Staff, Workers
from archdsl.study.phases.again import MOST_BROKEN
from archdsl.study.record.events import Training
from tests.study.conftest import judged


def misbehaving(candidate: Candidate) -> float:
    """Do what its number says, and judge the candidate where there is still somebody to do so."""
    match candidate.number:
        case 1:
            os._exit(5)
        case 2:
            os.kill(os.getpid(), signal.SIGKILL)
        case 3:
            os.abort()
        case 4:
            raise ValueError("not this one")
        case 5:
            return len(bytearray(8 * 10**9))
        case 6:
            time.sleep(600)
        case 7:
            os.chdir("/")
        case 8:
            threading.Thread(target=time.sleep, args=(600,)).start()
        case 9:
            import torch

            torch.set_default_dtype(torch.float64)
            os.environ["ONLY_HERE"] = "yes"
            print("said aloud", flush=True)
        case 10:
            os.system("sleep 600 & echo out of a shell")
        case _:
            import torch

            assert torch.get_default_dtype() is torch.float32
            assert "ONLY_HERE" not in os.environ
            assert Path.cwd() != Path("/")
            assert threading.active_count() <= 3
    candidate.report(1, 0.25)
    return judged(candidate)


@pytest.mark.slow
def test_whatever_a_candidate_does_is_its_own_failure_and_the_search_goes_on(
    tiny, run, tmp_path
) -> None:
    heard: list[Any] = []
    here = Path.cwd(), threading.active_count()
    space = tiny(trials=16, sampler="random", workers=2, memory="4G", trial_timeout="8s")
    result = run(space, tmp_path / "run", evaluate=misbehaving, listener=heard.append)
    causes = {t.number: (t.fault, t.cause) for t in result.trials if t.state == "failed"}
    assert causes == {
        1: ("crashed", "crashed: the code that it ran ended the process, with exit code 5"),
        2: ("killed", "killed: its worker was ended from outside (SIGKILL)"),
        3: ("crashed", "crashed: native code ended the process (SIGABRT)"),
        4: ("error", "ValueError: not this one"),
        5: ("memory", "out of memory"),
        6: ("timeout", "timeout: it took longer than search.trial_timeout, 8 s"),
    }
    assert [t.number for t in result.trials] == list(range(16))
    assert all(t.epochs == ({"step": 1, "accuracy": 0.25},) for t in result.trials
               if t.state == "complete")  # fmt: skip
    again = [event.number for event in heard if isinstance(event, events.TrialRetried)]
    assert again == [2] * MOST_BROKEN
    said = [(e.number, e.line) for e in heard if isinstance(e, events.Said)]
    assert (9, "said aloud") in said and (10, "out of a shell") in said
    assert (Path.cwd(), threading.active_count()) == here


def chatty(candidate: Candidate) -> float:
    print(f"hello from {candidate.number}")
    os.system(f"echo shell of {candidate.number}")
    print(f"end of {candidate.number}", end="")
    return judged(candidate)


def test_what_is_printed_has_its_trial_also_of_the_shortest(tiny, run, tmp_path) -> None:
    heard: list[Any] = []
    run(tiny(trials=8, sampler="random", workers=2), tmp_path / "run", evaluate=chatty,
        listener=heard.append)  # fmt: skip
    said = {(e.number, e.line) for e in heard if isinstance(e, events.Said)}
    assert said == {
        (number, f"{words} {number}")
        for number in range(8)
        for words in ("hello from", "shell of", "end of")
    }


def interrupting(candidate: Candidate) -> float:
    if candidate.number == 1:
        raise KeyboardInterrupt
    return judged(candidate)


def test_an_interrupt_that_is_raised_in_a_worker_is_an_error_of_the_trial(
    tiny, run, tmp_path
) -> None:
    space = tiny(trials=3, sampler="random", workers=2)
    result = run(space, tmp_path / "run", evaluate=interrupting)
    assert [(t.fault, t.cause) for t in result.trials] == [
        (None, None), ("error", "KeyboardInterrupt"), (None, None)
    ]  # fmt: skip


def staff(tmp_path: Path, workers: int, **limits: Any) -> Staff:
    return Staff(
        workers, 1, None, Limits(**limits), tmp_path / "workers.lock", tmp_path / ".shared"
    )


def pids(candidate: Candidate) -> float:
    return os.getpid()


def stopped(candidate: Candidate) -> float:
    os.kill(os.getpid(), signal.SIGSTOP)
    return 0.0


@pytest.fixture
def jobs(tiny, tmp_path) -> list[Job]:
    space = tiny({"params.width": 8})
    made = []
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        made.append(
            Job(
                "judge", Training(number, "search", 0, 0), space.spec.dump(), str(tmp_path),
                dict(space.default().decisions), None, "pid", str(folder),
            )
        )  # fmt: skip
    return made


def done(engine: Workers, count: int) -> dict[int, Over]:
    """What came of so many jobs."""
    over: dict[int, Over] = {}

    def hear(event: Any) -> None:
        if isinstance(event, Over):
            over[event.job.trial] = event

    while len(over) < count:
        engine.events(hear)
    return over


@pytest.mark.slow
def test_a_worker_is_kept_and_one_that_is_silent_is_replaced(jobs, tmp_path) -> None:
    with Workers(staff(tmp_path, 1), pids, lambda: None, lambda *_: None, print) as engine:
        for job in jobs:
            engine.submit(job)
        found = {over.outcome.metrics["pid"] for over in done(engine, 4).values()}
    assert len(found) == 1 and os.getpid() not in found
    quiet = staff(tmp_path, 1, silence=4.0)
    with Workers(quiet, stopped, lambda: None, lambda *_: None, print) as engine:
        engine.submit(jobs[0])
        outcome = done(engine, 1)[0].outcome
    assert (outcome.fault, outcome.cause) == (
        "hung", "hung: its worker gave no sign of life for 4 s"
    )  # fmt: skip


def waiting(candidate: Candidate) -> float:
    step = 0
    while not candidate.should_stop():
        candidate.report(step := step + 1, 0.5)
        time.sleep(0.01)
    return 1.0


@pytest.mark.slow
def test_what_runs_and_what_waits_can_be_cancelled(jobs, tmp_path) -> None:
    with Workers(staff(tmp_path, 1), waiting, lambda: None, lambda *_: None, print) as engine:
        engine.submit(jobs[0])
        engine.submit(jobs[1])
        engine.cancel(1)
        engine.cancel(0)
        over = done(engine, 2)
    assert {one.outcome.state for one in over.values()} == {"cancelled"}


def test_an_evaluate_that_cannot_be_sent_is_refused_in_words(tiny, run, tmp_path) -> None:
    lock = threading.Lock()

    def evaluate(candidate: Candidate) -> float:
        with lock:
            return judged(candidate)

    assert len(run(tiny(trials=2), evaluate=evaluate).trials) == 2
    with pytest.raises(SearchError) as refused:
        run(tiny(trials=2, workers=2), tmp_path / "run", evaluate=evaluate)
    assert str(refused.value) == (
        "evaluate cannot be sent to a worker process (TypeError: cannot pickle '_thread.lock' "
        "object).  make inside it what it works with (open files, locks, connections, models on a "
        "GPU), or search with  workers: 1"
    )
    assert not (tmp_path / "run").exists()


def test_workers_share_the_cores_or_the_gpus(monkeypatch) -> None:
    monkeypatch.setattr(places, "cores", lambda: 8)
    monkeypatch.setattr(places, "visible_gpus", list)
    assert [place.threads for place in places.places(3, 1)] == [2, 2, 2]
    assert [place.threads for place in places.places(16, 1)] == [1] * 16
    monkeypatch.setattr(places, "visible_gpus", lambda: ["4", "GPU-8f"])
    assert [place.gpu for place in places.places(4, 2)] == ["4", "GPU-8f", "4", "GPU-8f"]
    with pytest.raises(SearchError) as refused:
        places.places(5, 2)
    assert str(refused.value) == (
        "search.workers: 5 on 2 GPUs, each for 2 by search.per_gpu.  write at most 4 workers, or  "
        "per_gpu: 3"
    )


@pytest.mark.parametrize(
    ("most", "asked", "has"),
    [
        (4 * 10**9, 8 * 10**9, 4 * 10**9),
        (4 * 10**9, 2 * 10**9, 2 * 10**9),
        (-1, 10**27, sys.maxsize),
    ],
)
def test_a_worker_takes_no_more_than_the_system_lets_it_ask_for(most, asked, has) -> None:
    program = (
        "import resource\n"
        "from archdsl.study.engines.worker import _limit\n"
        f"resource.setrlimit(resource.RLIMIT_DATA, ({most}, {most}))\n"
        f"_limit({asked})\n"
        "print(resource.getrlimit(resource.RLIMIT_DATA))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == f"({has}, {has})\n", done.stderr


def test_what_a_search_waits_for_is_said_once_it_takes_a_while(tmp_path, monkeypatch) -> None:
    lock, told = tmp_path / "workers.lock", list[str]()
    workers._wait_for_orphans(lock, told.append)
    assert told == []
    orphan = os.open(lock, os.O_RDWR)
    fcntl.flock(orphan, fcntl.LOCK_SH)

    def hear(what: str) -> None:
        told.append(what)
        os.close(orphan)  # the worker ends

    monkeypatch.setattr(workers, "MOMENT", 0.0)
    workers._wait_for_orphans(lock, hear)
    assert told == ["waiting for a worker process of an earlier start to end, 30 s at most"]


def test_a_worker_of_an_earlier_start_that_does_not_end_is_named(tmp_path, monkeypatch) -> None:
    lock, told = tmp_path / "workers.lock", list[str]()
    monkeypatch.setattr(workers, "MOMENT", 0.0)
    monkeypatch.setattr(workers, "ORPHANS", 0.2)
    with lock.open("w") as orphan:
        fcntl.flock(orphan, fcntl.LOCK_SH)
        with pytest.raises(SearchError) as refused:
            workers._wait_for_orphans(lock, told.append)
    assert str(refused.value) == (
        f"{tmp_path}: a worker process of an earlier start does not end.  end it (`fuser {lock}` "
        "names it), and the same command goes on"
    )
    assert len(told) == 1
