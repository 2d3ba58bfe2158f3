"""Regret by cost of halving on the trained table, seven epochs, with samplers that learn.

    python -m benchmarks.halving_searched [--seeds 20] [--samplers random gp] [--workers 1]

As `benchmarks.halving`, but a trial is what a sampler of archdsl proposes, told what is believed of
those before it, and a network is worth its last accuracy. All curves are means over a member's
seeds. Costs are in whole trainings of seven epochs.
"""

from __future__ import annotations

import argparse
from functools import partial
from math import inf
from typing import Any

import numpy as np

from archdsl.language.settings import PruneSettings
from archdsl.study.halving.believed import Believed
from archdsl.study.propose.proposals import LEARNING, STARTUP
from archdsl.study.propose.samplers import History, Random, Seen
from archdsl.study.propose.seeds import number
from benchmarks.halving import Simulated, incumbents
from benchmarks.problem import Problem, key
from benchmarks.trained import FITS, table, trained

EPOCHS = 7
COSTS = (10, 20, 40)
PRUNES = {
    "each to its end": PruneSettings("asha", (EPOCHS,), 3, 1),
    "rungs 3, 7": PruneSettings("asha", (3, EPOCHS), 3, 1),
    "rungs 2, 7": PruneSettings("asha", (2, EPOCHS), 3, 1),
    "rungs 3, 7, a score of three epochs": PruneSettings("asha", (3, EPOCHS), 3, 3),
}


class Proposing:
    """The members that a search tries, each proposed when it is begun."""

    def __init__(self, problem: Problem, sampler: str, prune: PruneSettings, seed: int) -> None:
        self.members: list[dict[str, Any]] = []
        self.believed = Believed(prune.rungs)
        self._history, self._seen, self._seed = History(), set[str](), seed
        self._random = Random(problem.space, problem.budget)
        made = LEARNING.get(sampler, Random)
        self._learning = made(problem.space, problem.budget, "stagewise")

    def begins(self, trial: int) -> None:
        """Propose what a trial tries."""
        for one, scores in self.believed.changed():
            self._history.add(Seen(one, self.members[one], scores))
        draws = np.random.default_rng(number(self._seed, "trial", trial))
        now = self._learning if self._history.successes >= STARTUP else self._random
        proposed = now.propose(self._history, draws)
        drawn = next(one for one in proposed if key(one.decisions) not in self._seen)
        self._seen.add(key(drawn.decisions))
        self._history.wait(trial, drawn.decisions)
        self.members.append(drawn.decisions)


def regrets(
    problem: Problem, sampler: str, prune: PruneSettings, workers: int, seed: int
) -> tuple[float, ...]:
    """Of one search what its best misses of the best inside, at each of `COSTS`."""
    own = Proposing(problem, sampler, prune, seed)
    curve = partial(_curve, own)
    search = Simulated(prune, workers, inf, curve, lambda trial: 1.0, own.begins, own.believed.tell)
    found = incumbents(search, COSTS, EPOCHS)
    return tuple(problem.best - problem.judged(own.members[best]) for best in found)


def _curve(own: Proposing, trial: int) -> tuple[float, ...]:
    return table().curve(own.members[trial])


def main() -> None:
    """Search with some seeds on each budget, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--samplers", nargs="+", default=["random", "gp"])
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    print("| budget | sampler | search |" + "".join(f" @{cost} |" for cost in COSTS))
    print("|---" * (3 + len(COSTS)) + "|")
    for budget in FITS:
        for sampler in given.samplers:
            for name, prune in PRUNES.items():
                runs = [
                    regrets(trained(budget), sampler, prune, given.workers, seed)
                    for seed in range(given.seeds)
                ]
                found = np.array(runs)
                errors = found.std(axis=0, ddof=1) / len(found) ** 0.5
                pairs = zip(found.mean(axis=0), errors, strict=True)
                said = "".join(f" {mean:.3f} ± {error:.3f} |" for mean, error in pairs)
                print(f"| {budget} | {sampler} | {name} |{said}", flush=True)


if __name__ == "__main__":
    main()
