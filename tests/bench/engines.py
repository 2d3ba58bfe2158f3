"""What a trial takes besides its work, by engine and by where the record is.

    python -m tests.bench.engines [--trials 40] [--rounds 3]

A judge that does nothing on the space of 288 members that tests search, drawn at random: seconds of
wall time from the first trial that is over to the last, by their number. Each combination in its
turn, a few rounds. Then 64 workers that only sleep, 10 seconds a trial on average: what the driver
takes for one of their trials, and for which share of their time they sleep. PostgreSQL is one of
the benchmark's own, on this machine, whose commits wait for the disk.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from archdsl.study import Candidate, events, search
from tests.bench.sleepers import Disk, Sleepers
from tests.postgres import Server
from tests.study.conftest import tiny_space

ENGINES: dict[str, dict[str, Any]] = {
    "inline": {}, "2 workers": {"workers": 2}, "ray, 2 at once": {"workers": 2, "engine": "ray"},
}  # fmt: skip
SLEEPERS = 64


def nothing(candidate: Candidate) -> float:
    """Judges at once."""
    return candidate.cost.params / 1e6


class Awake(Sleepers):
    """Sleepers whose driver is charged all the time that passes, waits for a server included."""

    def own(self) -> float:
        return time.perf_counter()


def space_of(trials: int, **settings: Any) -> Any:
    patches = {"input": [1, 12, 12]}
    return tiny_space(patches, trials=trials, sampler="random", **settings)


def a_trial(trials: int, folder: Path, settings: dict[str, Any]) -> float:
    """Milliseconds a trial."""
    over = list[float]()

    def heard(event: object) -> None:
        if isinstance(event, events.TrialFinished):
            over.append(time.perf_counter())

    if settings.get("engine") == "ray":
        settings = {**settings, "shared": f"file://{folder}/shared"}
    space = space_of(trials, **settings)
    search(
        space, evaluate=nothing, out=folder / "run", settings=space.spec.settings(), listener=heard
    )
    return 1e3 * (over[-1] - over[0]) / (len(over) - 1)


def asleep(trials: int, folder: Path, settings: dict[str, Any]) -> tuple[float, float]:
    """Milliseconds of the driver for a trial of 64 sleepers, and the share that these sleep."""
    engine = Awake(SLEEPERS, Disk())
    space = space_of(trials, **settings)
    begun = time.perf_counter()
    search(
        space, evaluate=nothing, out=folder / "run", settings=space.spec.settings(), engine=engine
    )
    return 1e3 * (time.perf_counter() - begun) / trials, engine.busy()


def main() -> None:
    """Measure each in turn."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    known = parser.parse_args()
    server = Server.new(durable=True)
    found: dict[str, list[float]] = {}
    try:
        for number in range(known.rounds):
            for name, engine in ENGINES.items():
                for store in ("file", "PostgreSQL"):
                    with tempfile.TemporaryDirectory() as folder:
                        there = {} if store == "file" else _storage(server, f"{name}{number}")
                        took = a_trial(known.trials, Path(folder), {**engine, **there})
                    found.setdefault(f"| {name} | {store} |", []).append(took)
        for row, took in found.items():
            low, high = min(took), max(took)
            print(f"{row} {statistics.median(took):.0f} ({low:.0f} to {high:.0f}) |")
        for store in ("file", "PostgreSQL"):
            with tempfile.TemporaryDirectory() as folder:
                there = {} if store == "file" else _storage(server, "asleep")
                took, busy = asleep(240, Path(folder), there)
            print(f"| {SLEEPERS} sleepers | {store} | {took:.1f} ms a trial, {busy:.1%} busy |")
    finally:
        server.close()


def _storage(server: Server, name: str) -> dict[str, Any]:
    study = "".join(sign if sign.isalnum() else "_" for sign in name)
    return {"storage": {"url": server.url(), "study": study}}


if __name__ == "__main__":
    main()
