"""A second engine: threads that answer late and out of order. The driver cannot tell."""

from __future__ import annotations

import queue
import random
import threading
import time
from typing import Any, Self

import pytest

from archdsl.study.engines.engine import Hear
from archdsl.study.engines.job import Begun, EngineEvent, Job, Over, Reported
from archdsl.study.engines.work import Work
from archdsl.study.record.folder import read_state
from tests.study.conftest import judged


class Threads:
    """Runs each job in a thread of its own, after a while that is drawn.

    Events of one job come in order, and those of several as it happens.
    """

    threads: int | None = None

    def __init__(self, work: Work, capacity: int, seed: int) -> None:
        self.capacity = capacity
        self.most = 0
        self._work, self._draws = work, random.Random(seed)
        self._events: queue.Queue[EngineEvent] = queue.Queue()
        self._running: list[threading.Thread] = []
        self._cancelled: set[int] = set()

    def submit(self, job: Job) -> None:
        late = self._draws.uniform(0, 0.02)
        self._running.append(threading.Thread(target=self._run, args=(job, late)))
        self._running[-1].start()
        self.most = max(self.most, sum(thread.is_alive() for thread in self._running))

    def _run(self, job: Job, late: float) -> None:
        def begun(at: float, step: float | None) -> None:
            self._events.put(Begun(job, at, step))
            time.sleep(late)

        done = self._work(
            job,
            begun=begun,
            report=lambda step, metrics: self._events.put(Reported(job, step, metrics)),
            should_stop=lambda: job.trial in self._cancelled,
        )
        self._events.put(Over(job, done))

    def events(self, hear: Hear) -> None:
        while True:
            event = self._events.get()
            hear(event)
            if isinstance(event, Over):
                return

    def cancel(self, trial: int) -> None:
        self._cancelled.add(trial)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *given: object) -> None:
        for thread in self._running:
            thread.join()


def slowly(candidate: Any) -> float:
    """Later for some than for others, and a failure now and then."""
    for step in (1, 2):
        candidate.report(step, step / 10)
        time.sleep(0.002 * (candidate.number % 3))
    if candidate.number % 7 == 5:
        raise ValueError("this one cannot be trained")
    return judged(candidate)


@pytest.mark.parametrize("sampler", ["random", "grid", "gp", "evolution", "optuna:TPESampler"])
def test_trials_that_end_late_and_out_of_order_are_a_search(tiny, run, tmp_path, sampler) -> None:
    space = tiny(trials=24, sampler=sampler, budget={"macs": "100k"})
    engine = Threads(Work(slowly, space=space), capacity=4, seed=1)
    result = run(space, tmp_path / "run", evaluate=slowly, engine=engine)
    assert [trial.number for trial in result.trials] == list(range(24))
    trained = [trial for trial in result.trials if trial.trained]
    assert len({trial.network for trial in trained}) == len(trained)  # nothing twice
    assert all(trial.costs["macs"] <= 100_000 for trial in trained)
    for trial in trained:
        assert [epoch["step"] for epoch in trial.epochs] == [1, 2]
        assert (trial.cause is None) == (trial.number % 7 != 5)
    state = read_state(tmp_path / "run", space)
    assert state is not None
    assert [trial.record() for trial in state.in_order()] == [t.record() for t in result.trials]
    assert (
        state.best
        == result.best
        == max(
            (trial for trial in result.trials if trial.values), key=lambda t: (t.values, -t.number)
        )
    )
    assert engine.most > 1


def test_what_is_proposed_at_random_does_not_depend_on_who_runs_it(tiny, run) -> None:
    space = tiny(trials=20, sampler="random")
    engine = Threads(Work(slowly, space=space), capacity=3, seed=2)
    at_once = run(space, evaluate=slowly, engine=engine)
    in_turn = run(space, evaluate=slowly)
    told = [
        [(t.number, t.decisions, t.state, t.values, t.epochs) for t in result.trials]
        for result in (at_once, in_turn)
    ]
    assert told[0] == told[1]


def test_a_search_that_ran_on_one_engine_goes_on_with_another(tiny, run, tmp_path) -> None:
    space = tiny(trials=6)
    engine = Threads(Work(slowly, space=space), capacity=4, seed=3)
    run(space, tmp_path / "run", evaluate=slowly, engine=engine)
    result = run(tiny(trials=12), tmp_path / "run", evaluate=slowly)
    assert [trial.number for trial in result.trials] == list(range(12))
    assert len({trial.network for trial in result.trials}) == 12
