"""The figure and the table of a record that `benchmarks.compare` wrote.

python -m benchmarks.plot RECORD.jsonl [RECORD.jsonl ...] --figure FIGURE.svg
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

AT = (20, 40, 100, 200)
REFERENCE = "optuna TPE"
OURS = ("gp", "tpe", "evolution", "random")
TICKS = (5, 10, 20, 50, 100, 200)


def read(paths: list[Path]) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Problem -> sampler -> runs."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for path in paths:
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            found[one["problem"]][one["sampler"]].append(one)
    return found


def table(samplers: dict[str, list[dict[str, Any]]]) -> str:
    """Mean regret and its standard error after some trials, after how many trials the mean is
    down to where that of `REFERENCE` ends, and what was spent in vain.
    """
    lines = [
        "| sampler | seeds | " + " | ".join(f"@{n}" for n in AT)
        + f" | reaches {REFERENCE}'s last | inside and new | CPU s per 200 |",
        "|---" * (len(AT) + 5) + "|",
    ]  # fmt: skip
    goal = _regret(samplers[REFERENCE])[:, -1].mean() if REFERENCE in samplers else -1.0
    for name, runs in samplers.items():
        regret = _regret(runs)
        mean, error = regret.mean(axis=0), regret.std(axis=0, ddof=1) / np.sqrt(len(runs))
        cells = [
            f"{mean[n - 1]:.3f} ± {error[n - 1]:.3f}" if n <= len(mean) else "" for n in AT
        ]  # fmt: skip
        there = np.flatnonzero(mean <= goal + 1e-9)
        cells.append(f"@{there[0] + 1}" if len(there) else "not")
        good = np.mean([one["inside_and_new"] / one["trials"] for one in runs])
        seconds = np.mean([one["cpu_seconds"] / one["trials"] for one in runs]) * 200
        lines.append(f"| {name} | {len(runs)} | {' | '.join(cells)} | {good:.0%} | {seconds:.1f} |")
    return "\n".join(lines)


def _regret(runs: list[dict[str, Any]]) -> Any:
    return np.array([one["regret"] for one in runs])


def figure(problems: dict[str, dict[str, list[dict[str, Any]]]], path: Path) -> None:
    """Mean regret against trials; the bands are 95 % intervals of the mean."""
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot

    drawn, axes = pyplot.subplots(
        1, len(problems), figsize=(5.5 * len(problems), 4), squeeze=False, layout="constrained"
    )
    for axis, (problem, samplers) in zip(axes[0], problems.items(), strict=True):
        for name, runs in samplers.items():
            regret = _regret(runs)
            mean = regret.mean(axis=0)
            band = 1.96 * regret.std(axis=0, ddof=1) / np.sqrt(len(runs))
            trials = np.arange(1, len(mean) + 1)
            style = "-" if name in OURS else "--"
            (line,) = axis.plot(trials, mean, style, label=name, linewidth=1.3)
            axis.fill_between(trials, mean - band, mean + band, color=line.get_color(), alpha=0.15)
        axis.set(title=problem, xlabel="trials", ylabel="regret", xscale="log", xlim=(5, 200))
        axis.set_xticks(TICKS, map(str, TICKS))
        axis.minorticks_off()
    axes[0][-1].legend(fontsize=8)
    drawn.savefig(path)


def main() -> None:
    """Print the tables, draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("records", type=Path, nargs="+")
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    problems = read(given.records)
    for problem, samplers in problems.items():
        print(f"{problem}\n\n{table(samplers)}\n")
    if given.figure is not None:
        figure(problems, given.figure)


if __name__ == "__main__":
    main()
