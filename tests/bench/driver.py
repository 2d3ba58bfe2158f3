"""What the driver takes for a trial, by how many are on record, with workers that only sleep.

    python -m tests.bench.driver [--finished 10000] [--more 200] [--workers 64]
        [--sampler gp|tpe|evolution|random] [--epochs 0] [--slower SECONDS] [--make RUN | --run RUN]

A process of its own makes a run with so many finished trials of the space of the analytic
benchmark, whose members inside the budget take about 45 of 85 decisions. This one goes on with
it: how long its state takes to read, how long it is until the next trial is handed out, what a
trial takes over `--more` of them, for which share of their time the workers sleep, and how much
memory the process has as it hands out the first of them and the last.
`--slower` makes the disk so much slower with everything that has to be durable.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import archdsl
from archdsl.spaces import Space
from archdsl.study import search
from archdsl.study.engines.engine import Hear
from archdsl.study.engines.job import Job
from archdsl.study.record.events import Epoch, Finished, Proposed, Running, Training
from archdsl.study.record.file_store import FileStore
from archdsl.study.record.folder import read_state
from archdsl.study.report import write_report
from tests.bench.sleepers import Disk, Sleepers

SPACE = Path(__file__).parents[2] / "benchmarks" / "analytic.yaml"
BUDGET = {"macs": "40M"}
SAMPLERS = ("gp", "tpe", "evolution", "random")
FIRST = 8
"""Trials of a run that were searched; those that follow are drawn, and have their texts."""


class Marked(Sleepers):
    """Notes the driver's time, its CPU time and its waits when the first job is given, and now."""

    first: tuple[float, float, int] | None = None
    resident: tuple[float, float] = (0.0, 0.0)

    def submit(self, job: Job) -> None:
        if self.first is None:
            self.resident = (megabytes(), 0.0)
            self.first = self.mark()
        self.resident = (self.resident[0], megabytes())
        super().submit(job)

    def events(self, hear: Hear) -> None:
        super().events(hear)
        self.last = self.mark()

    def mark(self) -> tuple[float, float, int]:
        return self.own(), time.process_time(), self.disk.waits


def megabytes() -> float:
    """What this process has in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def never(candidate: object) -> float:
    """A judge that nobody asks: the engine answers."""
    raise AssertionError("the workers only sleep")


def space_of(sampler: str, trials: int) -> Space:
    """The space with these settings."""
    patches: dict[str, Any] = {
        "search.sampler": sampler, "search.trials": trials, "search.budget": BUDGET,
    }  # fmt: skip
    return archdsl.space(archdsl.load(SPACE, set=patches))


def searched(space: Space, out: Path, engine: Sleepers) -> None:
    """Go on with a run."""
    search(space, evaluate=never, out=out, settings=space.spec.settings(), engine=engine)


def made(known: argparse.Namespace, out: Path) -> None:
    """Make a run with so many finished trials, and all that lies beside its record."""
    searched(space_of(known.sampler, FIRST), out, Sleepers(1, Disk(), epochs=known.epochs))
    space = space_of(known.sampler, known.finished)
    store = FileStore(out)
    with store.open():
        texts = [event.text for event in store.replay() if isinstance(event, Proposed)]
        draws = space.draws(known.finished - FIRST, BUDGET, seed=1, measure="stagewise")
        for number, drawn in enumerate(draws, start=FIRST):
            training = Training(number, "search", 0, 0)
            network = hashlib.blake2b(str(number).encode(), digest_size=16).hexdigest()
            value = int(network[:4], 16) / 65536
            text = texts[number % FIRST]
            store.add(Proposed(number, "random", drawn.decisions, text, dict(drawn.costs), network))
            store.add(Running(training, None, 1.0 + number))
            for epoch in range(1, known.epochs + 1):
                store.add(Epoch(training, epoch, {"accuracy": value, "loss": 1 / epoch}))
            over = (None, None, 10.0, 1.0 + number, 11.0 + number)
            store.add(Finished(number, "complete", {"accuracy": value}, [value], *over))
    searched(space, out, Sleepers(1, Disk()))


def measured(known: argparse.Namespace, out: Path) -> None:
    """Go on with it, and print the figures."""
    begun = time.process_time()
    assert read_state(out) is not None
    print(f"its state: {time.process_time() - begun:.2f} s of CPU")
    disk = Disk(known.slower)
    engine = Marked(known.workers, disk, epochs=known.epochs)
    with disk.watched():
        begun = time.process_time()
        searched(space_of(known.sampler, known.finished + known.more), out, engine)
    assert engine.first is not None
    own, cpu, waits = (
        (now - then) / known.more for now, then in zip(engine.last, engine.first, strict=True)
    )
    after = engine.first[1] - begun
    before, at_last = engine.resident
    print(f"gone on after {after:.2f} s of CPU, with {before:.0f} MB, and {at_last:.0f} MB at last")
    print(
        f"a trial: {1e3 * own:.1f} ms ({1e3 * cpu:.1f} ms of CPU, {waits:.2f} waits for the disk)"
    )
    print(f"busy: {engine.busy():.1%} of {known.workers} workers")
    begun = time.process_time()
    write_report(out)
    print(f"its report: {time.process_time() - begun:.2f} s of CPU")


def main() -> None:
    """Make a run in a process of its own, and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--finished", type=int, default=10_000)
    parser.add_argument("--more", type=int, default=200)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--sampler", default="random", choices=SAMPLERS)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--slower", type=float, default=0.0)
    parser.add_argument("--make", type=Path, help="make the run there, and no more")
    parser.add_argument("--run", type=Path, help="go on with a copy of this one")
    known = parser.parse_args()
    if known.make is not None:
        made(known, known.make)
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        if known.run is None:
            program = [sys.executable, "-m", "tests.bench.driver", *sys.argv[1:]]
            subprocess.run([*program, "--make", str(out)], check=True)
        else:
            shutil.copytree(known.run, out)
        measured(known, out)


if __name__ == "__main__":
    main()
