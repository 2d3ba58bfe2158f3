"""What a sampler knows and what it gives."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
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
    """The trials that are over in the order of their numbers, whenever they came in, and the
    decisions of those that are pending.

    successes: how many did not fail
    """

    def __init__(self) -> None:
        self._numbers: list[int] = []
        self._seen: list[Seen] = []
        self._pending: dict[int, Mapping[str, Any]] = {}
        self._counted: Trials = []  # the trials with their scores, but for the failures'
        self._failed: list[int] = []
        self._worst: list[Scores | None] = []  # of the first so many, and one
        self.successes = 0

    def wait(self, number: int, decisions: Mapping[str, Any]) -> None:
        """Take note of a trial that has no result yet."""
        self._pending[number] = decisions

    def forget(self, number: int) -> None:
        """Wait for a trial no more."""
        self._pending.pop(number, None)

    def add(self, seen: Seen) -> None:
        """Take note of a trial that is over."""
        self.forget(seen.number)
        at = bisect_left(self._numbers, seen.number)
        again = self._numbers[at : at + 1] == [seen.number]
        self.successes += seen.scores is not None
        self.successes -= again and self._seen[at].scores is not None
        self._numbers[at : at + again] = [seen.number]
        self._seen[at : at + again] = [seen]
        del self._counted[at:]

    @property
    def pending(self) -> list[Mapping[str, Any]]:
        """The decisions of the trials without a result, in the order of their numbers."""
        return [self._pending[number] for number in sorted(self._pending)]

    def trials(self, first: int | None = None) -> Trials:
        """Each trial and its scores, or the first so many: these as if there were no others.

        A failure counts as the worst that was seen, so that what cannot be trained is not
        proposed again and again. Nothing where all failed.
        """
        self._count()
        found = self._counted[:first]
        worst = self._worst[len(found) - 1] if found else None
        if worst is None:
            return []
        for at in self._failed[: bisect_left(self._failed, len(found))]:
            found[at] = (self._seen[at], worst)
        return found

    def _count(self) -> None:
        """Go on from where the trials have changed."""
        done = len(self._counted)
        del self._worst[done:], self._failed[bisect_left(self._failed, done) :]
        for at, seen in enumerate(self._seen[done:], start=done):
            worst, own = self._worst[at - 1] if at else None, seen.scores
            if own is None:
                self._failed.append(at)
            elif worst is None:
                worst = own
            else:
                worst = tuple(map(min, worst, own))
            self._worst.append(worst)
            self._counted.append((seen, own or ()))

    def settled(self, every: int) -> Trials:
        """The first of the trials, as far as what takes long follows from them.

        They are more after `every` trials, and where there are many, after a twelfth of these.
        Of two histories that differ in what came later, they are the same.
        """
        count = len(self._seen)
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
    order = list[int]()
    for front in _fronts_of_two(values) if values.shape[1] == 2 else _fronts(values):
        crowding = _crowding(values[front])
        order.extend(front[np.argsort(-crowding, kind="stable")].tolist())
    return order


def _fronts(values: Any) -> Iterator[Any]:
    """The indices of those that no other dominates, then of those that only these do, and on."""
    no_worse = np.asarray((values[:, None] >= values).all(axis=2))
    dominates = no_worse & ~no_worse.T
    by, left = dominates.sum(axis=0), np.ones(len(values), bool)
    while left.any():
        front = np.flatnonzero(left & (by == 0))
        yield front
        left[front] = False
        by -= dominates[front].sum(axis=0)


def _fronts_of_two(values: Any) -> list[Any]:
    """The same of two objectives, without a matrix of pairs (after Jensen, 2003)."""
    fronts: list[list[int]] = []
    reach: list[float] = []  # minus the largest second objective of each front: ascending
    last = None
    for index in np.lexsort((-values[:, 1], -values[:, 0])).tolist():
        point = tuple(values[index].tolist())
        # whoever came before is no worse in the first; equals stand in one front
        if point != last:
            at, last = bisect_right(reach, -point[1]), point
            reach[at : at + 1] = [-point[1]]
            if at == len(fronts):
                fronts.append([])
        fronts[at].append(index)
    return [np.array(sorted(front)) for front in fronts]


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
