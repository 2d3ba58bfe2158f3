"""What a sampler knows and what it gives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from archdsl.study.trial import Origin

if TYPE_CHECKING:
    from archdsl.spaces.drawing import Drawn

Scores: TypeAlias = "tuple[float, ...]"
"""The objectives, signed so that larger is better."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A finished trial: its number, its answers, and its scores (None where it failed)."""

    number: int
    decisions: Mapping[str, Any]
    scores: Scores | None


Trials: TypeAlias = "list[tuple[Seen, Scores]]"
"""Trials in the order of their numbers, each with the scores that it counts with."""


class History:
    """The finished trials in the order of their numbers, whenever they came in.

    successes: how many did not fail
    """

    def __init__(self) -> None:
        self._by_number: dict[int, Seen] = {}
        self._in_order: list[Seen] = []
        self.successes = 0

    def add(self, seen: Seen) -> None:
        """Take note of a trial."""
        self._by_number[seen.number] = seen
        self._in_order = []
        self.successes += seen.scores is not None

    def trials(self, first: int | None = None) -> Trials:
        """Each trial and its scores, or the first so many: these as if there were no others.

        A failure counts as the worst that was seen, so that what cannot be trained is not
        proposed again and again. Nothing where all failed.
        """
        if not self._in_order:
            self._in_order = [self._by_number[number] for number in sorted(self._by_number)]
        ordered = self._in_order[:first]
        scores = [seen.scores for seen in ordered if seen.scores is not None]
        if not scores:
            return []
        worst = tuple(min(values) for values in zip(*scores, strict=True))
        return [(seen, seen.scores or worst) for seen in ordered]

    def settled(self, every: int) -> Trials:
        """The first of the trials, as far as what takes long follows from them.

        They are more after `every` trials, and where there are many, after a twelfth of these.
        Of two histories that differ in what came later, they are the same.
        """
        count = len(self._by_number)
        step = every * max(1, count // (12 * every))
        return self.trials(max(1, count // step) * step) or self.trials()


class Proposer(Protocol):
    """A sampler: a function of the history and of what is drawn, and of nothing else."""

    origin: Origin

    def propose(self, history: History, draws: np.random.Generator) -> Iterator[Drawn]:
        """Members inside the budget, the one to be tried first before the others."""


def best_first(scores: Sequence[Scores]) -> list[int]:
    """Indices from the best to the worst.

    With two objectives by fronts (Deb et al., NSGA-II, 2002), and within a front those first
    that stand alone. Of equals the earlier stands first.
    """
    values = np.array(scores, float)
    if values.shape[1] == 1:
        return [int(index) for index in np.argsort(-values[:, 0], kind="stable")]
    no_worse = np.asarray((values[:, None] >= values).all(axis=2))
    dominates = no_worse & ~no_worse.T
    by, left = dominates.sum(axis=0), np.ones(len(values), bool)
    order = list[int]()
    while left.any():
        front = np.flatnonzero(left & (by == 0))
        crowding = _crowding(values[front])
        order.extend(front[np.argsort(-crowding, kind="stable")].tolist())
        left[front] = False
        by -= dominates[front].sum(axis=0)
    return order


def _crowding(values: Any) -> Any:
    """How far the neighbours of each point of a front are; infinite at its ends."""
    distance = np.zeros(len(values))
    for column in values.T:
        order = np.argsort(column, kind="stable")
        span = column[order[-1]] - column[order[0]]
        distance[order[[0, -1]]] = np.inf
        if span > 0 and len(order) > 2:
            distance[order[1:-1]] += (column[order[2:]] - column[order[:-2]]) / span
    return distance
