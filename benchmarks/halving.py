"""Regret by cost of halving on long published curves, with archdsl's own rungs and record.

    python -m benchmarks.halving TABLE.csv [--seeds 1000] [--workers 1 8] [--rungs 3 10 30 90]

TABLE.csv is NAAP-440 (T. Hakim, arXiv 2209.06626): 440 networks on CIFAR-10, 90 epochs each, in
columns e1Accuracy to e90Accuracy. A network is worth the mean of its last three epochs. Proposals
are random. The trainings are simulated, and what decides is not: events go into a `State` as they
happen, and `JobOrder` says from its jobs what is next. An epoch of a trial takes a time of its own
(log-normal, sigma .3), and the cost is the epochs that all workers have trained by then, in whole
trainings. Who is compared at some cost is the best on the highest rung that has results.
"""

from __future__ import annotations

import argparse
import csv
import heapq
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

import numpy as np

from archdsl.errors import SearchError
from archdsl.language.settings import Objective, PruneSettings
from archdsl.study.halving.jobs import JobOrder, Told
from archdsl.study.halving.ladder import Start
from archdsl.study.halving.rung_score import rung_values
from archdsl.study.record.events import (
    Created,
    Epoch,
    Finished,
    Promoted,
    Proposed,
    Reached,
    Running,
    Session,
    Training,
)  # fmt: skip
from archdsl.study.record.state import State

EPOCHS = 90
COSTS = (10, 20, 40)
OBJECTIVES = (Objective("accuracy", "maximize"),)
SETUP = {"settings": {"objectives": [{"name": "accuracy", "direction": "maximize"}]}}
SPREAD = 0.3
"""Sigma of the logarithm of how long an epoch of a trial takes."""


def _nothing(trial: int) -> None:
    pass


@dataclass
class Simulated:
    """A search whose workers train by looking up, and whose record is as in any search.

    curve: trial -> the metric after each epoch; pace: trial -> seconds of an epoch
    trials: how many may begin; spent: epochs so far
    begins: called with the number of a trial before it begins; told: with the results that the next
        job knows, as `JobOrder` says
    """

    prune: PruneSettings
    workers: int
    trials: float
    curve: Callable[[int], Sequence[float]]
    pace: Callable[[int], float]
    begins: Callable[[int], None] = _nothing
    told: Told | None = None
    state: State = field(default_factory=State)
    spent: int = 0
    now: float = 0.0
    _due: list[tuple[float, int, int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.state.created is None:
            self.state.hear(Created("simulated", "name: simulated\n", SETUP, {}))
        self.state.hear(Session("", len(self.state.trials), {}, {}, self.workers))
        self.order = JobOrder(self.prune, OBJECTIVES, self.told)
        for trial in self.state.pending:
            self._run(trial.number)

    def hand_out(self) -> None:
        """Give every worker that has nothing to do a job, if there is one."""
        while len(self._due) < self.workers:
            number = len(self.state.trials)
            step = self.order.next(self.state.rungs, more=number < self.trials)
            if step is None:
                return
            if isinstance(step, Start):
                self.begins(number)
                self.state.hear(
                    Proposed(number, "random", {}, "", {}, str(number), until=step.until)
                )
                self._run(number)
            else:
                self.state.hear(Promoted(step.trial, step.until))
                self._run(step.trial)

    def step(self) -> bool:
        """Train one epoch; False where nothing is left to train."""
        self.hand_out()
        if not self._due:
            return False
        self.now, number, epoch, until = heapq.heappop(self._due)
        training = _training(number)
        value = float(self.curve(number)[epoch])
        self.state.hear(Epoch(training, epoch + 1, {"accuracy": value}))
        self.spent += 1
        if epoch + 1 < until:
            heapq.heappush(self._due, (self.now + self.pace(number), number, epoch + 1, until))
        else:
            self._end(training, until)
        return True

    def _run(self, number: int) -> None:
        until = self.state.rungs.until(number)
        assert until is not None, "a job says how far it goes"
        done = self.state.trainings.get(_training(number), [])
        step = done[-1]["step"] if done else None
        self.state.hear(Running(_training(number), step, self.now))
        heapq.heappush(self._due, (self.now + self.pace(number), number, len(done), until))

    def _end(self, training: Training, until: int) -> None:
        reports = self.state.trainings[training]
        number = training.trial
        try:
            values = list(rung_values(OBJECTIVES, reports, {}, self.prune.score))
        except SearchError as error:
            self.state.hear(
                Finished(number, "failed", {}, None, str(error), None, 1.0, 0.0, self.now)
            )
            return
        if until < self.prune.rungs[-1]:
            self.state.hear(Reached(training, until, values, {}, 1.0, 0.0, self.now))
        else:
            self.state.hear(
                Finished(number, "complete", {}, values, None, None, 1.0, 0.0, self.now)
            )


def _training(number: int) -> Training:
    return Training(number, "search", 0, 0)


def incumbent(state: State) -> int | None:
    """The best on the highest rung that has results, of equals the first."""
    found: dict[int, tuple[float, int]] = {}
    for job, values in state.rungs.results.items():
        trial, until = state.rungs.jobs[job]
        if values is not None:
            found[until] = max(found.get(until, (-inf, 0)), (values[0], -trial))
    return -found[max(found)][1] if found else None


def read(path: Path) -> Any:
    """(networks, epochs) accuracies of NAAP-440."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return np.array([[float(row[f"e{e}Accuracy"]) for e in range(1, EPOCHS + 1)] for row in rows])


def regrets(curves: Any, prune: PruneSettings | None, workers: int, seed: int) -> tuple[float, ...]:
    """Of one search what its best misses of the best there is, at each of `COSTS`."""
    worth = curves[:, -3:].mean(axis=1)
    draws = np.random.default_rng(seed)
    order = draws.permutation(len(curves))
    if prune is None:
        return tuple(float(worth.max() - worth[order[:cost]].max()) for cost in COSTS)
    paces = np.exp(SPREAD * draws.standard_normal(len(curves)))
    search = Simulated(
        prune, workers, len(curves), lambda n: curves[order[n]], lambda n: float(paces[n])
    )
    return tuple(
        float(worth.max() - worth[order[best]]) for best in incumbents(search, COSTS, EPOCHS)
    )


def incumbents(search: Simulated, costs: Sequence[int], epochs: int) -> Iterator[int]:
    """The best trial after each of some costs, in whole trainings of so many epochs."""
    for cost in costs:
        while search.spent < cost * epochs and search.step():
            pass
        best = incumbent(search.state)
        assert best is not None, "a rung is reached within so many epochs"
        yield best


def main() -> None:
    """Search with many seeds, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("table", type=Path)
    parser.add_argument("--seeds", type=int, default=1_000)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--rungs", type=int, nargs="+", default=[3, 10, 30, 90])
    parser.add_argument("--reduction", type=int, default=3)
    parser.add_argument("--score", type=int, default=3)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    if not given.table.is_file():
        raise SystemExit(f"{given.table} is not there: name the table of NAAP-440, naap440.csv")
    curves = read(given.table)
    rows: list[tuple[str, int, PruneSettings | None]] = [("each to its end", 1, None)]
    for name in ("asha", "hyperband"):
        prune = PruneSettings(name, tuple(given.rungs), given.reduction, given.score)
        rows += [(name, workers, prune) for workers in given.workers]
    print("| search | workers |" + "".join(f" @{cost} |" for cost in COSTS))
    print("|---" * (2 + len(COSTS)) + "|")
    with ProcessPoolExecutor(given.processes) as pool:
        for name, workers, prune in rows:
            one = partial(regrets, curves, prune, workers)
            found = np.array(list(pool.map(one, range(given.seeds), chunksize=10)))
            errors = found.std(axis=0, ddof=1) / len(found) ** 0.5
            said = [
                f" {m:.4f} ± {e:.4f} |" for m, e in zip(found.mean(axis=0), errors, strict=True)
            ]
            print(f"| {name} | {workers} |{''.join(said)}", flush=True)


if __name__ == "__main__":
    main()
