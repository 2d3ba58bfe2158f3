"""Regularised evolution inside a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.language.holes import equal
from archdsl.spaces.drawing import Drawn
from archdsl.study.propose.samplers.base import History, Seen, Trials, best_first
from archdsl.study.propose.samplers.random import Learning
from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.language.holes import Answer, Hole

POPULATION = 20
"""The youngest trials, by number: who finished first does not matter."""

TOURNAMENT = 5
CROSSOVER = 0.3
"""How often a child has two parents."""

KEPT = 1e-3
"""What another answer than the parent's weighs where something has to change for the budget."""

CHILDREN = 50
CELLS = 1 << 9


class Evolution(Learning):
    """Regularised evolution (Real et al., 2019): the oldest die, whatever they are worth.

    The best of a tournament among the youngest trials becomes a parent. A mutation changes one
    decision, and where that leads outside the budget redraws as few of the others as will do,
    by a draw conditioned on the budget that prefers the parent's answers. A crossover draws
    every decision from one of two parents, inside the budget in the same way.
    """

    origin: Origin = "evolution"

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Children of the population; then random members."""
        population = history.trials()[-POPULATION:]
        for _ in range(CHILDREN):
            parent = self._parent(population, draws)
            if draws.random() < CROSSOVER:
                yield from self._crossed(parent, self._parent(population, draws), draws)
            else:
                yield from self._mutated(parent, draws)
        yield from self.random.propose(history, draws)

    def _parent(self, population: Trials, draws: np.random.Generator) -> Seen:
        size = min(TOURNAMENT, len(population))
        chosen: list[int] = sorted(draws.choice(len(population), size, replace=False).tolist())
        best = best_first([population[index][1] for index in chosen])[0]
        return population[chosen[best]][0]

    def _mutated(self, parent: Seen, draws: np.random.Generator) -> Iterator[Drawn]:
        open_ = [a for a in parent.decisions if len(self._answers(a)) > 1]
        if not open_:
            return
        address = open_[int(draws.integers(len(open_)))]
        old = parent.decisions[address]
        others = [a for a in self._answers(address) if not equal(a, old)]
        answer = others[int(draws.integers(len(others)))]
        answers = {**parent.decisions, address: answer, **self.fixed.answers}
        child = self._with(answers, draws)
        if self.budget.allows(child.costs) and self.fixed.has(child.decisions):
            yield child
            return
        weights = self._around([parent.decisions])
        weights[address] = {answer: 1.0}
        yield from self.fixed.drawing(self.budget, weights=weights, cells=CELLS).members(1, draws)

    def _crossed(self, one: Seen, other: Seen, draws: np.random.Generator) -> Iterator[Drawn]:
        weights = self._around([one.decisions, other.decisions])
        yield from self.fixed.drawing(self.budget, weights=weights, cells=CELLS).members(1, draws)

    def _answers(self, address: str) -> tuple[Answer, ...]:
        return self.fixed.allowed.get(address) or self.space.decisions[address].answers

    def _with(self, answers: Mapping[str, Any], draws: np.random.Generator) -> Drawn:
        """The member with these answers; questions that only they raise are drawn."""

        def ask(address: str, hole: Hole) -> Any:
            if address in answers:
                return answers[address]
            return hole.answers[int(draws.integers(len(hole.answers)))]

        member = self.space.resolve(ask)
        return Drawn(dict(member.decisions), self.space.cost(member).totals())

    def _around(self, parents: list[Mapping[str, Any]]) -> dict[str, dict[Any, float]]:
        """Weights that prefer the parents' answers; what they were not asked is open."""
        weights: dict[str, dict[Any, float]] = {}
        for address, hole in self.space.decisions.items():
            given = [parent[address] for parent in parents if address in parent]
            if given:
                weights[address] = {
                    answer: 1.0 if answer in given else KEPT for answer in hole.answers
                }
        return weights
