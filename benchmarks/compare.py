"""Regret against trials, of archdsl's samplers and others, on problems with a known optimum.

    python -m benchmarks.compare RECORD.jsonl [--problems analytic ...] [--samplers tpe ...]
                                 [--seeds 20] [--trials 200]
    python -m benchmarks.plot RECORD.jsonl

Every run adds one line to the record, and what is in it already is not run again. A proposal
outside the budget, or one that was made before, is a trial spent for nothing.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.analytic import analytic
from benchmarks.opponents import SAMPLERS as OPTUNA
from benchmarks.opponents import optuna_run
from benchmarks.ours import Tried, ours, rejection
from benchmarks.problem import Problem
from benchmarks.synthetic import synthetic
from benchmarks.trained import FITS, trained, trained_once

PROBLEMS: dict[str, Callable[[int], Problem]] = {
    "analytic": lambda seed: analytic(5),  # the samplers were worked on with others
    **{f"trained {name}": lambda seed, name=name: trained(name) for name in FITS},
    **{f"once {name}": partial(trained_once, name) for name in FITS},
    **{
        f"synthetic {name}": lambda seed, fits=fits: synthetic("poolformer_search", fits)
        for name, fits in {"loose": 0.9, "half": 0.5, "tight": 0.1}.items()
    },
}
"""By name and the seed of the search, which may change what it sees and no more."""

OURS = ("random", "evolution", "tpe", "gp")

ALONE: dict[str, Callable[[Problem, int], Tried]] = {
    **{name: ours(name) for name in OURS},
    "evolution with rejection": rejection,
    **{name: optuna_run(make) for name, make in OPTUNA.items()},
}
"""One trial after another."""

SAMPLERS = ALONE | {f"{name}, 8 workers": ours(name, workers=8) for name in OURS}


def run(problem: Problem, sampler: str, seed: int, trials: int) -> dict[str, Any]:
    """One search. regret: after each trial, of what it takes for the best inside so far."""
    best, worth, regret, good = -math.inf, problem.worst, list[float](), list[int]()
    begun = time.process_time()
    for decisions, was_good, value in itertools.islice(SAMPLERS[sampler](problem, seed), trials):
        if was_good and value > best:
            best, worth = value, problem.judged(decisions)
        regret.append(round(problem.best - worth, 6))
        good.append(int(was_good))
    seconds = round(time.process_time() - begun, 2)
    return {
        "problem": problem.name, "sampler": sampler, "seed": seed, "trials": trials,
        "cpu_seconds": seconds, "inside_and_new": sum(good), "regret": regret,
    }  # fmt: skip


def main() -> None:
    """Run what the record lacks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("record", type=Path)
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=PROBLEMS)
    parser.add_argument("--samplers", nargs="+", default=list(ALONE), choices=SAMPLERS)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--trials", type=int, default=200)
    given = parser.parse_args()
    known = set()
    if given.record.exists():
        for line in given.record.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            known.add((one["problem"], one["sampler"], one["seed"]))
    for name in given.problems:
        for seed, sampler in itertools.product(range(given.seeds), given.samplers):
            problem = PROBLEMS[name](seed)
            if (problem.name, sampler, seed) in known:
                continue
            record = run(problem, sampler, seed, given.trials)
            with given.record.open("a", encoding="utf-8") as file:
                file.write(json.dumps(record) + "\n")
            print(
                f"{problem.name}  {sampler}  seed {seed}  regret {record['regret'][-1]:.4f}  "
                f"{record['inside_and_new']} of {given.trials} inside and new  "
                f"{record['cpu_seconds']} s",
                flush=True,
            )


if __name__ == "__main__":
    main()
