"""Whole runs of the bundled search, a seed each: what they end at, as medians with their range.

    .venv/bin/python -m tests.bench.whole_searches [--seeds N] [--workers N] [--out DIR]

Each is the command that `make search` runs, its final round included. A run that DIR has already is
gone on with, and one that is over is only read, so that the whole can be stopped; its wall time is
known only where it was run in one go.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archdsl.study.final.entrants import Role
from archdsl.study.final.verdicts import verdicts
from archdsl.study.final.winner import counted, won
from archdsl.study.record.folder import read_state
from archdsl.study.record.rounds import FinalRound
from archdsl.study.record.state import State

ROOT = Path(__file__).resolve().parents[2]
SPACE = ROOT / "specs" / "spaces" / "digits.yaml"
STARTED: tuple[Role, ...] = ("default", "nearest")
"""What a search starts from."""

RANDOM: tuple[Role, ...] = ("random",)


@dataclass(frozen=True, slots=True)
class Ended:
    """A whole search.

    seconds: by the wall clock, None where it was not run in one go
    val, test: accuracy of winner, default and the best at random, means over the seeds
    better: whether the winner was called better than the default, and than the best at random
    """

    seed: int
    seconds: float | None
    macs: int
    val: tuple[float, float, float]
    test: tuple[float, float, float]
    better: tuple[bool, bool]

    def row(self) -> str:
        """A line of the table."""
        figures = [f"{one:.3f}" for pair in zip(self.val, self.test, strict=True) for one in pair]
        took = "" if self.seconds is None else f"{self.seconds:.0f} s"
        said = ["yes" if one else "no" for one in self.better]
        return f"| {self.seed} | " + " | ".join([f"{self.macs:,}", *figures, *said, took]) + " |"


def run(seed: int, workers: int, out: Path) -> Ended:
    """Search, or go on, or only read."""
    fresh = not out.exists()
    begun = time.perf_counter()
    command = [sys.executable, "-c", "from archdsl.cli import console; console()", "search"]
    given = [SPACE, "--out", out, "--workers", workers, "--set", f"search.seed={seed}", "--json"]
    subprocess.run([*command, *map(str, given)], check=True, capture_output=True)
    seconds = time.perf_counter() - begun if fresh else None
    state = read_state(out)
    assert state is not None, "the search has ended"
    return ended(seed, seconds, state)


def ended(seed: int, seconds: float | None, state: State) -> Ended:
    """What a search came to."""
    final, winner, said = counted(state), won(state), verdicts(state)
    assert final is not None and winner is not None, "it has had a final round"
    names = [one.name for one in final.entrants]
    at = [names.index(winner.name or ""), _with(final, STARTED), _with(final, RANDOM)]
    told = {one.other for one in said[0].differences if one.distinguishable and one.gap > 0}
    default, random = (any(word in one for one in told) for word in ("default", "random"))
    return Ended(
        seed, seconds, winner.trial.costs["macs"],
        val=_means(at, lambda n, seed: final.over[final.training(n, seed)].metrics, final),
        test=_means(at, lambda n, seed: state.looks[final.training(n, seed)].metrics, final),
        better=(default, random),
    )  # fmt: skip


def _with(final: FinalRound, roles: tuple[Role, ...]) -> int:
    return next(n for n, one in enumerate(final.entrants) if set(roles) & set(one.roles))


def _means(
    at: list[int], metrics: Callable[[int, int], dict[str, float]], final: FinalRound
) -> tuple[float, float, float]:
    seeds = final.begun.seeds
    winner, default, random = (
        statistics.fmean(metrics(number, seed)["accuracy"] for seed in seeds) for number in at
    )
    return winner, default, random


def table(runs: list[Ended]) -> Iterator[str]:
    """All, and the medians with their range."""
    heading = ("seed", "winner's MACs", "winner val", "test", "default val", "test", "random val",
               "test", "better than default", "than random", "wall")  # fmt: skip
    yield "| " + " | ".join(heading) + " |"
    yield "|" + "---|" * len(heading)
    yield from (one.row() for one in runs)
    yield ""
    for split in ("val", "test"):
        for at, who in enumerate(("winner", "default", "best at random")):
            values = [getattr(one, split)[at] for one in runs]
            middle, least, most = statistics.median(values), min(values), max(values)
            yield f"{who} on {split}: median {middle:.3f} ({least:.3f} to {most:.3f})"


def main() -> None:
    """Run them in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path, default=ROOT / "runs" / "whole_searches")
    given = parser.parse_args()
    runs = []
    for seed in range(given.seeds):
        runs.append(run(seed, given.workers, given.out / f"seed-{seed}"))
        print(runs[-1].row(), flush=True)
    print("\n".join(table(runs)))


if __name__ == "__main__":
    main()
