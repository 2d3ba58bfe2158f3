"""What one proposal takes, by how many trials are over: CPU time, and memory at its peak.

    python -m tests.bench.proposals [--finished 1000 10000] [--more 16] [--pending 0]

On the space of the analytic benchmark, whose members inside the budget take about 45 of 85
decisions. The trials that are over are drawn and given a value; then `--more` are proposed, with
`--pending` of them pending, each of the others over before the next. Medians and the middle half
over the proposals, and the most: what is kept for a few of them is made by the first. `held` is
what Python's allocator counts after two proposals beyond what it counted before them, the trials
left out; `at most`, at the worst moment.
"""

from __future__ import annotations

import argparse
import platform
import time
import tracemalloc
from itertools import islice
from pathlib import Path
from statistics import median, quantiles

import numpy as np

import archdsl
from archdsl.amounts import Budget
from archdsl.study.propose.proposals import LEARNING
from archdsl.study.propose.samplers import History, Proposer, Seen

SPACE = Path(__file__).parents[2] / "benchmarks" / "analytic.yaml"
BUDGET = Budget({"macs": (0, 40_000_000)})
DRAWS = np.random.default_rng(0)


def value() -> tuple[float]:
    """What stands for a result."""
    return (float(DRAWS.random()),)


def history_of(space: archdsl.Space, finished: int) -> History:
    """So many trials that are over."""
    history = History()
    for number, drawn in enumerate(space.draws(finished, dict(BUDGET), 1, "stagewise")):
        history.add(Seen(number, drawn.decisions, value()))
    return history


def proposed(
    sampler: Proposer, history: History, first: int, more: int, pending: int
) -> list[float]:
    """CPU milliseconds of each proposal."""
    found = list[float]()
    waiting: list[Seen] = []
    for number in range(first, first + more):
        begun = time.process_time()
        (drawn,) = islice(sampler.propose(history, np.random.default_rng(number)), 1)
        found.append(1e3 * (time.process_time() - begun))
        history.wait(number, drawn.decisions)
        waiting.append(Seen(number, drawn.decisions, value()))
        while len(waiting) > pending:
            history.add(waiting.pop(0))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--finished", type=int, nargs="+", default=[1_000, 10_000])
    parser.add_argument("--more", type=int, default=16)
    parser.add_argument("--pending", type=int, default=0)
    parser.add_argument("--samplers", nargs="+", default=list(LEARNING), choices=list(LEARNING))
    known = parser.parse_args()
    space = archdsl.space(SPACE)
    print(f"{platform.platform()}, numpy {np.__version__}, {known.pending} pending\n")
    print("| finished | sampler | CPU ms a proposal | most | held, MB | at most, MB |")
    print("|---|---|---|---|---|---|")
    for finished in known.finished:
        history = history_of(space, finished)
        first = finished
        for name in known.samplers:
            times = proposed(
                LEARNING[name](space, BUDGET), history, first, known.more, known.pending
            )
            first += known.more
            low, _, high = quantiles(times, n=4)
            tracemalloc.start()
            sampler = LEARNING[name](space, BUDGET)
            proposed(sampler, history, first, 2, known.pending)
            held, most = (amount / 1e6 for amount in tracemalloc.get_traced_memory())
            tracemalloc.stop()
            first += 2
            print(
                f"| {finished:,} | {name} | {median(times):.0f} ({low:.0f} to {high:.0f}) "
                f"| {max(times):.0f} | {held:.1f} | {most:.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
