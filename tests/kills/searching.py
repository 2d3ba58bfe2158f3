"""A search of a few short trainings in two workers, in a process that can be killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

from archdsl.study import search
from archdsl.study.engines import handed
from archdsl.study.record.folder import WORKERS, read_state
from archdsl.study.record.rounds import is_final
from tests.study.conftest import tiny_space

TRIALS = 4
EPOCHS = 3
PRUNE = {"type": "asha", "rungs": [1, 2], "reduction": 2}
"""Of the search that puts trials aside."""

_PRELOADED = [
    "tests.kills.searching", "archdsl.study.engines.worker", "archdsl.training.train",
    "archdsl.study.report.page", "archdsl.exporters", "archdsl.cost", "optuna.samplers",
    "matplotlib.figure", "sklearn.datasets",
]  # fmt: skip


def context() -> ForkServerContext:
    """Where processes come from that have imported everything."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(_PRELOADED)
    return made


def start(out: Path, *, pruned: bool = False, schedule: str = "cosine") -> ForkServerProcess:
    """A search in a process of its own."""
    process = context().Process(target=_search, args=(out, PRUNE if pruned else None, schedule))
    process.start()
    return process


def _search(out: Path, prune: dict[str, Any] | None, schedule: str) -> None:
    # workers come from the server that this process came from: another would import all anew
    forkserver._forkserver.ensure_running = lambda: None
    handed.LARGE = 1  # these data are small, and are to lie in files as large ones do
    with Path(os.devnull).open("w") as nothing:
        sys.stdout = sys.stderr = nothing
        space = tiny_space(
            {"input": [1, 12, 12]}, trials=TRIALS, workers=2, budget={"macs": "200k"},
            final={"keep": 1, "seeds": 2}, prune=prune,
            proxy={"epochs": EPOCHS, "steps_per_epoch": 2, "warmup": 0, "schedule": schedule},
        )  # fmt: skip
        search(space, out=out, settings=space.spec.settings())


def workers(out: Path) -> list[int]:
    """The worker processes of a search, by the file that each of them holds."""
    held = str(out / WORKERS)
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(one.readlink()) == held for one in (process / "fd").iterdir()):
                found.append(int(process.name))
        except OSError:  # it has ended since
            continue
    return sorted(found)


def told(out: Path) -> list[dict[str, Any]]:
    """What a run has on record of its trials, in their order, without what no two runs share."""
    lines = (out / "trials.jsonl").read_text().splitlines()
    trials = sorted((json.loads(line) for line in lines), key=lambda trial: trial["number"])
    apart = ("seconds", "begun", "ended", "trace")
    return [{k: v for k, v in trial.items() if k not in apart} for trial in trials]


def anew(out: Path) -> list[Any]:
    """The final rounds of a run: who was in them, what it came to, and on the test split."""
    state = read_state(out)
    assert state is not None, "there is a record"
    return [
        [one.begun, {key: over.metrics for key, over in sorted(one.over.items())},
         {key: state.looks.get(key) for key in sorted(one.over)}]
        for one in state.rounds.all
    ]  # fmt: skip


def twice(out: Path) -> list[str]:
    """The epochs that count twice, or not at all."""
    state = read_state(out)
    assert state is not None, "there is a record"
    found = list[str]()
    assert state.created is not None, "it has begun"
    forks = state.created.setup["settings"]["proxy"]["schedule"] == "wsd"
    for training, reports in state.trainings.items():
        until = None if is_final(training) else state.rungs.until(training.trial)
        first, last = 1, until or EPOCHS
        if training.branch:  # it leaves its trunk an epoch before its end
            first = last = training.branch
        elif forks and last < EPOCHS:
            last -= 1
        if [one["step"] for one in reports] != list(range(first, last + 1)):
            found.append(f"{training.purpose} {training.trial}.{training.branch}: {reports}")
    return found


def jobs(out: Path) -> list[Any]:
    """The jobs of a search that puts trials aside, and what they came to."""
    state = read_state(out)
    assert state is not None, "there is a record"
    return [(*job, state.rungs.results[at]) for at, job in enumerate(state.rungs.jobs)]
