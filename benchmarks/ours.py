"""archdsl's own samplers in a search without a training, and rejection for comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from archdsl.study.propose.known import known
from archdsl.study.propose.proposals import LEARNING, STARTUP
from archdsl.study.propose.samplers import History, Proposer, Random, Seen
from archdsl.study.propose.seeds import number
from archdsl.study.record.events import Session
from benchmarks.problem import Problem, key

Tried = Iterator[tuple[dict[str, Any], bool, float]]
"""Per trial: the decisions, whether they were inside and new, and their value."""


def ours(
    name: str, proposer: Callable[..., Proposer] | None = None, workers: int = 1
) -> Callable[..., Tried]:
    """A sampler of archdsl by name, first random as in a search of archdsl.

    proposer: another class to be called by this name
    workers: how many judge side by side, so that the latest trials are pending
    """
    session = Session("", 0, {}, {}, workers)

    def run(problem: Problem, seed: int) -> Tried:
        random = Random(problem.space, problem.budget)
        made = proposer or LEARNING.get(name, Random)
        learning = made(problem.space, problem.budget, "stagewise")
        history, seen, count = History(), set[str](), 0
        judged: list[Seen] = []
        while True:
            for one in judged[: max(0, known(count, [session]) - (count - len(judged)))]:
                history.add(one)
                judged.remove(one)
            draws = np.random.default_rng(number(seed, "trial", count))
            now = learning if history.successes >= STARTUP else random
            drawn = next(d for d in now.propose(history, draws) if key(d.decisions) not in seen)
            value = problem.value(drawn.decisions)
            seen.add(key(drawn.decisions))
            history.wait(count, drawn.decisions)
            judged.append(Seen(count, drawn.decisions, (value,)))
            count += 1
            yield drawn.decisions, True, value

    return run


def rejection(problem: Problem, seed: int) -> Tried:
    """Regularised evolution that looks only at what is inside: mutate until a child is.

    Population 20, tournament 5, one decision a mutation, as our own; parents at random among the
    space until 20 are inside. A child outside is a proposal lost, for nothing was trained.
    """
    space, draws = problem.space, np.random.default_rng(seed)
    population: list[tuple[float, dict[str, Any]]] = []
    seen: set[str] = set()
    while True:
        changed, parent = None, dict[str, Any]()
        if len(population) >= 20:
            young = population[-20:]
            chosen = [young[i] for i in draws.choice(20, 5, replace=False)]
            parent = max(chosen, key=lambda one: one[0])[1]
            changed = sorted(parent)[int(draws.integers(len(parent)))]

        def ask(
            address: str, hole: Any, parent: dict[str, Any] = parent, changed: str | None = changed
        ) -> Any:
            if address in parent and address != changed:
                return parent[address]
            others = [a for a in hole.answers if address != changed or a != parent[address]]
            return others[int(draws.integers(len(others)))]

        child = space.resolve(ask)
        decisions = dict(child.decisions)
        good = problem.budget.allows(space.cost(child)) and key(decisions) not in seen
        value = problem.value(decisions)
        if good:
            seen.add(key(decisions))
            population.append((value, decisions))
        yield decisions, good, value
