"""The bundled search with one worker and with several, in turn, each as a command of its own.

    .venv/bin/python -m tests.bench.two_workers [--rounds N] [--workers N] [--trials N]

Wall time of the whole command, its start, the winner's files and the report with it, but without
a final round. It has to
have the machine to itself: what else runs takes a core from the one side and not from the other.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from archdsl.study.record.folder import read_state

ROOT = Path(__file__).resolve().parents[2]
SPACE = ROOT / "specs" / "spaces" / "digits.yaml"


def search(workers: int, trials: int, out: Path) -> float:
    """Run a search to its end; seconds by the wall clock."""
    command = [sys.executable, "-c", "from archdsl.cli import console; console()"]
    given = [
        "search",
        SPACE,
        "--out",
        out,
        "--workers",
        workers,
        "--set",
        f"search.trials={trials}",
        "--set",
        "search.final=none",
    ]
    begun = time.perf_counter()
    subprocess.run([*command, *map(str, given)], check=True, capture_output=True)
    return time.perf_counter() - begun


def told(workers: int, seconds: float, out: Path) -> str:
    """A line on a run that is over."""
    state = read_state(out)
    assert state is not None and state.best is not None, "the search has ended"
    best = state.best
    looks = {key.trial: look.metrics["accuracy"] for key, look in state.looks.items()}
    return (
        f"{workers} workers: {seconds:.1f} s, winner {best.number} with "
        f"{best.costs['macs']:,} MACs, validation {best.metrics['accuracy']:.4f}, "
        f"test {looks.get(best.number, float('nan')):.4f}; the first trial: validation "
        f"{state.trials[0].metrics['accuracy']:.4f}, test {looks.get(0, float('nan')):.4f}"
    )


def main() -> None:
    """Search, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--trials", type=int, default=50)
    given = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before", flush=True)
    seconds: dict[int, list[float]] = {1: [], given.workers: []}
    for number in range(given.rounds):
        for workers in sorted(seconds, reverse=bool(number % 2)):
            with tempfile.TemporaryDirectory() as folder:
                out = Path(folder) / "run"
                seconds[workers].append(search(workers, given.trials, out))
                print(told(workers, seconds[workers][-1], out), flush=True)
    one, several = (statistics.median(found) for found in seconds.values())
    print(f"medians: {one:.1f} s and {several:.1f} s, the second {several / one:.2f} of the first")


if __name__ == "__main__":
    main()
