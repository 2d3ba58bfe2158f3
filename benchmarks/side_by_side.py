"""Regret with several workers beside that of one, both run in one sitting.

    python -m benchmarks.side_by_side [RECORD.jsonl] [--seeds 20] [--processes 2]

Seed by seed, one worker and eight in turn, on each problem with each sampler that learns; then the
table. What is in the record already is not run again; without a record everything is. Who searches
with eight workers is simulated: a proposal knows the results two rounds ago (`known`), and the
later trials as pending.
"""

from __future__ import annotations

import argparse
import json
import platform
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import numpy as np

from benchmarks.compare import PROBLEMS, run

LEARN = ("gp", "tpe", "evolution")
ON = ("analytic", "trained loose", "trained half", "trained tight")
MANY = ", 8 workers"
RESAMPLED = 10_000

Job = tuple[str, str, int, int]
"""A problem of `PROBLEMS`, a sampler, a seed, and how many trials."""


def jobs(given: argparse.Namespace) -> Iterator[Job]:
    """Interleaved, so that a machine that grows busy or is stopped favours none."""
    for seed in range(given.seeds):
        for problem in given.problems:
            for sampler in given.samplers:
                yield problem, sampler, seed, given.trials
                yield problem, sampler + MANY, seed, given.trials


def line(job: Job) -> str:
    """One search, as a line of the record; `asked` is the problem's name among `PROBLEMS`."""
    problem, sampler, seed, trials = job
    return json.dumps({"asked": problem, **run(PROBLEMS[problem](seed), sampler, seed, trials)})


def ended(record: Path) -> dict[Job, float]:
    """The last regret of each search on record."""
    if not record.exists():
        return {}
    lines = map(json.loads, record.read_text(encoding="utf-8").splitlines())
    return {(d["asked"], d["sampler"], d["seed"], d["trials"]): d["regret"][-1] for d in lines}


def interval(one: Any, many: Any, *, ratio: bool) -> tuple[float, float]:
    """Where 95 % of the ratios, or differences, of means lie when seeds are drawn again, in pairs
    (Efron and Tibshirani, An Introduction to the Bootstrap, 1993).
    """
    picked = np.random.default_rng(0).integers(0, len(one), (RESAMPLED, len(one)))
    ones, manys = one[picked].mean(axis=1), many[picked].mean(axis=1)
    found = manys / ones if ratio else manys - ones
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def spread(regrets: Any) -> str:
    """Mean and standard error, median and the middle half."""
    error = regrets.std(ddof=1) / len(regrets) ** 0.5
    low, _, high = quantiles(regrets, n=4, method="inclusive")
    return f"{regrets.mean():.3f} ± {error:.3f} | {median(regrets):.3f} ({low:.3f} to {high:.3f})"


def table(regrets: dict[Job, float]) -> str:
    """Of each problem and sampler, over the seeds that both have."""
    lines = [
        "| problem | sampler | seeds | one worker, mean | median (middle half) | eight, mean "
        "| median (middle half) | eight to one (95 % interval) |",
        "|---" * 8 + "|",
    ]
    pairs: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for (problem, sampler, seed, trials), regret in regrets.items():
        other = regrets.get((problem, sampler + MANY, seed, trials))
        if other is not None:
            pairs[problem, sampler].append((regret, other))
    for (problem, sampler), both in pairs.items():
        one, many = np.array(both).T
        ratio = problem == "analytic"
        low, high = interval(one, many, ratio=ratio)
        found = many.mean() / one.mean() if ratio else many.mean() - one.mean()
        shown = f"{found:.2f} ({low:.2f} to {high:.2f})"
        if not ratio:
            shown = f"{found:+.4f} ({low:+.4f} to {high:+.4f})"
        lines.append(
            f"| {problem} | {sampler} | {len(one)} | {spread(one)} | {spread(many)} | {shown} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run what the record lacks, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("record", type=Path, nargs="?")
    parser.add_argument("--problems", nargs="+", default=ON, choices=ON)
    parser.add_argument("--samplers", nargs="+", default=LEARN, choices=LEARN)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record = given.record or Path(folder) / "record.jsonl"
        known = ended(record)
        wanted = list(jobs(given))
        with ProcessPoolExecutor(given.processes) as pool:
            for found in pool.map(line, [job for job in wanted if job not in known]):
                with record.open("a", encoding="utf-8") as file:
                    file.write(found + "\n")
        known = ended(record)
    print(f"{platform.machine()}, {platform.platform()}, numpy {np.__version__}")
    print(f"\n{table({job: known[job] for job in wanted})}")


if __name__ == "__main__":
    main()
