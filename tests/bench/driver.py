"""What the driver takes for a trial, by how many are on record, with workers that only sleep.

    python -m tests.bench.driver [--sampler random] [--trials 10000] [--workers 64] [--epochs 0]
    python -m tests.bench.driver --resume RUN

The first searches the space of the analytic benchmark, whose members inside the budget take about
45 of 85 decisions, and leaves the run where `--out` says, if it does. Wall and CPU milliseconds a
trial are over up to 200 trials around 10, 1,000 and 10,000 finished ones; memory is what the
process grew by from the thousandth trial on; busy is the share of the workers' virtual time.
The second takes a copy of such a run and says how long it is until the next trial is handed out,
until a reader has its state, and until its report is there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import archdsl
from archdsl.spaces import Space
from archdsl.study import search
from archdsl.study.engines.job import Job
from archdsl.study.events import TrialFinished
from tests.bench.sleepers import Sleepers

SPACE = Path(__file__).parents[2] / "benchmarks" / "analytic.yaml"
WINDOWS = (10, 1_000, 10_000)
MOST = 200


class Mark(NamedTuple):
    """Where the process stood after a trial: seconds and bytes."""

    wall: float
    cpu: float
    resident: int


class Marks:
    """Notes where the process stands whenever a trial is over."""

    def __init__(self) -> None:
        self.all: list[Mark] = []

    def __call__(self, event: object) -> None:
        if isinstance(event, TrialFinished):
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            resident = pages * os.sysconf("SC_PAGE_SIZE")
            self.all.append(Mark(time.perf_counter(), time.process_time(), resident))

    def around(self, finished: int) -> tuple[float, float] | None:
        """Wall and CPU milliseconds a trial around so many finished ones."""
        last = min(len(self.all) - 1, max(finished + 20, min(finished + MOST, 10_000 - 1)))
        first = max(0, last - MOST if finished > MOST else finished // 2)
        if finished > len(self.all) or last <= first:
            return None
        one, other = self.all[first], self.all[last]
        count = last - first
        return 1e3 * (other.wall - one.wall) / count, 1e3 * (other.cpu - one.cpu) / count


class FirstJob(Exception):
    """Ends a search as it hands out its first job."""


class Stopping(Sleepers):
    """Notes when it is given a job, and takes none."""

    at = 0.0

    def submit(self, job: Job) -> None:
        self.at = time.perf_counter()
        raise FirstJob


def never(candidate: object) -> float:
    """A judge that nobody asks: the engine answers."""
    raise AssertionError("the workers only sleep")


def space_of(sampler: str, trials: int) -> Space:
    """The space with these settings."""
    patches: dict[str, Any] = {
        "search.sampler": sampler, "search.trials": trials, "search.budget": {"macs": "40M"},
    }  # fmt: skip
    return archdsl.space(archdsl.load(SPACE, set=patches))


def measured(known: argparse.Namespace) -> None:
    """Search, and print the figures."""
    space, marks = space_of(known.sampler, known.trials), Marks()
    engine = Sleepers(known.workers, epochs=known.epochs)
    with tempfile.TemporaryDirectory() as folder:
        out = known.out or Path(folder) / "run"
        settings = space.spec.settings()
        search(space, evaluate=never, out=out, settings=settings, engine=engine, listener=marks)
        size = (out / "record.jsonl").stat().st_size / known.trials
    for finished in WINDOWS:
        found = marks.around(finished)
        if found is not None:
            print(f"{finished:>6,} finished: {found[0]:6.1f} ms wall, {found[1]:6.1f} ms CPU")
    first, last = marks.all[min(999, len(marks.all) // 10)], marks.all[-1]
    grown = (last.resident - first.resident) / (len(marks.all) - marks.all.index(first))
    print(f"memory: {grown / 1e3:.1f} kB a trial; the record {size / 1e3:.1f} kB a trial")
    print(f"busy: {engine.busy():.1%} of {known.workers} workers")


def resumed(run: Path, sampler: str) -> None:
    """Go on with a copy of a run, and print how long it takes."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "run"
        shutil.copytree(run, out)
        from archdsl.study.record.folder import read_state
        from archdsl.study.report import write_report

        begun = time.perf_counter()
        state = read_state(out)
        assert state is not None
        print(f"state of {len(state.finished):,} trials: {time.perf_counter() - begun:.2f} s")
        begun = time.perf_counter()
        write_report(out)
        print(f"report: {time.perf_counter() - begun:.2f} s")
        space = space_of(sampler, len(state.trials) + 1)
        del state
        engine = Stopping(1)
        begun = time.perf_counter()
        try:
            search(space, evaluate=never, out=out, settings=space.spec.settings(), engine=engine)
        except FirstJob:
            print(f"resume: {engine.at - begun:.2f} s until the next trial is handed out")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sampler", default="random")
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=0)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--resume", type=Path)
    known = parser.parse_args(sys.argv[1:])
    if known.resume is not None:
        resumed(known.resume, known.sampler)
    else:
        measured(known)


if __name__ == "__main__":
    main()
