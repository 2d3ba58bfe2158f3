"""Random members of a space whose shared answers are too many to be looked at one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.spaces.drawing import Drawn

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.language.holes import Answer, Hole
    from archdsl.language.resolve import Ask
    from archdsl.spaces.arguments import Weights

LIMIT = 10_000
"""Draws in a row outside the budget after which no more are made. With six params of
five answers that all blocks share, and a budget that leaves nothing, a tenth as many take 1 s;
these, and ten times as many, more than 6 s."""


class Rejecting:
    """Draws every decision in its turn, by its weights or uniformly, and keeps what is inside.

    Without weights the members come as `Draws` gives them for the measure "stagewise", only
    more slowly, and not at all where the budget leaves one in many thousands. Weights are shares
    of each decision that is taken: a member is as likely as their product, and a decision without
    weights is uniform in its turn. That is enough of samplers, which only propose.

    member: what some answers lead to: all answers of a member, and its costs
    """

    def __init__(
        self,
        member: Callable[[Ask], tuple[dict[str, Answer], dict[str, int]]],
        budget: Budget,
        weights: Weights | None,
    ) -> None:
        self.member = member
        self.budget = budget
        self.weights = weights or {}
        self.drawn = self.tried = 0

    @property
    def acceptance(self) -> float:
        """The share of candidates that were inside."""
        return self.drawn / self.tried if self.tried else 1.0

    def members(self, count: int, draws: np.random.Generator) -> Iterator[Drawn]:
        """`count` members, or fewer where `LIMIT` draws in a row were outside."""

        def ask(address: str, hole: Hole) -> Any:
            answers = hole.answers
            given = self.weights.get(address)
            if given is None:
                return answers[int(draws.integers(len(answers)))]
            shares = np.array([given.get(answer, 0.0) for answer in answers])
            return answers[int(draws.choice(len(answers), p=shares / shares.sum()))]

        left, futile = count, 0
        while left and futile < LIMIT:
            decisions, costs = self.member(ask)
            self.tried += 1
            if self.budget.allows(costs):
                self.drawn += 1
                yield Drawn(decisions, costs)
                left, futile = left - 1, 0
            else:
                futile += 1
