"""The rungs of asynchronous successive halving, and what is next on them.

L. Li et al., A System for Massively Parallel Hyperparameter Tuning (MLSys 2020), algorithm 2: who
is among the best n / reduction of the n results on a rung goes on, those of the highest rung first.
What is decided follows from results in the order of their jobs, not from when they came in.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TypeAlias

from archdsl.study.halving.brackets import Brackets, begins
from archdsl.study.propose.samplers.base import Scores, best_first


@dataclass(frozen=True, slots=True)
class Start:
    """A new trial begins. until: the epochs after which it is compared"""

    until: int


@dataclass(frozen=True, slots=True)
class Promotion:
    """A paused trial goes on. until: the epochs after which it is compared next"""

    trial: int
    until: int


Step: TypeAlias = "Start | Promotion"


_Place: TypeAlias = tuple[tuple[float, ...], int]
"""Scores, negated, and a trial: the smallest is the best, of equals the one that began first."""


class _Rung:
    """The results after so many epochs. size: how many there are, failures included"""

    def __init__(self, until: int) -> None:
        self.until, self.size = until, 0
        self.promoted: set[int] = set()
        self._ranked: list[_Place] = []
        self._waiting: list[_Place] = []  # those of them that were not promoted
        self._places: dict[int, _Place] = {}

    def add(self, trial: int, scores: Scores | None) -> None:
        """Take in a result; one without a figure is worse than all others."""
        self.size += 1
        if scores is not None and all(map(isfinite, scores)):
            place = self._places[trial] = (tuple(-one for one in scores), trial)
            insort(self._ranked, place)
            if trial not in self.promoted:
                insort(self._waiting, place)

    def promote(self, trial: int) -> None:
        """Let a trial go on from here."""
        self.promoted.add(trial)
        if trial in self._places:  # or its result is to be known later
            del self._waiting[bisect_left(self._waiting, self._places[trial])]

    @property
    def any(self) -> bool:
        """Whether there is any figure."""
        return bool(self._ranked)

    def best(self, most: int | None = None) -> int | None:
        """The best that was not promoted, if it is among the best so many of all."""
        if not self._waiting:
            return None
        if len(self._waiting[0][0]) > 1:
            order = self._order()[:most]
            return next((trial for trial in order if trial not in self.promoted), None)
        first = self._waiting[0]
        among = most is None or bisect_left(self._ranked, first) < most
        return first[1] if among else None

    def rest(self, first: int) -> list[int]:
        """Those that were not promoted but for the best so many of all."""
        return [trial for trial in self._order()[first:] if trial not in self.promoted]

    def _order(self) -> list[int]:
        """All with a figure, the best first, by number where they are equal."""
        trials = sorted((trial, costs) for costs, trial in self._ranked)
        if not trials or len(trials[0][1]) == 1:
            return [trial for _, trial in self._ranked]
        scores = [tuple(-one for one in costs) for _, costs in trials]
        return [trials[at][0] for at in best_first(scores)]


class Ladder:
    """What was begun and promoted so far, what came of it, and what follows.

    rungs: epochs, ascending, the last of them those of a whole training
    reduction: of so many on a rung one goes on; brackets: see `Brackets`
    """

    def __init__(self, rungs: Sequence[int], reduction: int, brackets: int = 1) -> None:
        self.rungs, self.reduction, self.brackets = tuple(rungs), reduction, brackets
        self._planned = Brackets(rungs, reduction, brackets)
        self._columns = [[_Rung(until) for until in rungs[begin:]] for begin in range(brackets)]
        self._bracket: dict[int, int] = {}
        self._until: dict[int, int] = {}
        self._whole = False
        self._running = 0
        self._most: tuple[int, list[int]] = -1, []

    def __contains__(self, trial: int) -> bool:
        return trial in self._until

    def begin(self, trial: int, until: int) -> None:
        """Take note of a trial that begins."""
        self._bracket[trial] = bracket = self.rungs.index(until)
        self._planned.take(bracket)
        self._go(trial, until)

    def promote(self, trial: int, until: int) -> None:
        """Take note of a trial that goes on."""
        self._rung(trial, self._until[trial]).promote(trial)
        self._go(trial, until)

    def tell(self, trial: int, until: int, scores: Scores | None, *, over: bool = False) -> None:
        """Take in what a job came to.

        scores: None where it failed
        over: whether nothing more comes of its trial, which is so below the highest rung, too,
            where a training ends by itself: it is ranked there, and does not wait
        """
        self._running -= 1
        rung = self._rung(trial, until)
        rung.add(trial, scores)
        if over and scores is not None:
            self._whole = True
            if until != self.rungs[-1]:
                rung.promote(trial)
        self._whole = self._whole or any(column[-1].any for column in self._columns)

    def next(self, *, more: bool) -> Step | None:
        """What is to be done; None where nothing is, as far as the results go.

        more: whether there are trials to begin. Where there are none, nothing runs, and no trial
        came to the end of its training, the best of the highest rung goes on though it has no
        right to: a search ends with a trial that is whole.
        """
        for rung, above in self._from_the_top():
            best = rung.best(rung.size // self.reduction)
            if best is not None:
                return Promotion(best, above.until)
        if more:
            return Start(self.rungs[self._planned.next()])
        if not self._whole and not self._running:
            for rung, _ in self._from_the_top():
                best = rung.best()
                if best is not None:
                    return Promotion(best, self.rungs[-1])
        return None

    def idle(self, trials: int) -> list[int]:
        """The trials on a rung that nothing can promote any more, where there are `trials` in all.

        The best on each rung may be promoted as long as no trial has come to its end.
        """
        if self._most[0] != trials:
            begin = begins(self.rungs, self.reduction, self.brackets, trials)
            self._most = trials, begin
        found = list[int]()
        for column, most in zip(self._columns, self._most[1], strict=True):
            most = max(most, column[0].size)
            for rung in column[:-1]:
                among = most // self.reduction
                idle = rung.rest(among)
                left = len(rung.rest(0)) - len(idle)
                # on the next rung: those promoted, those that may be, and what is to come here
                most = len(rung.promoted) + left + most - rung.size
                spared = None if self._whole else rung.best()
                found += [trial for trial in idle if trial != spared]
        return found

    def least_first(self) -> list[int]:
        """Those on a rung, the one first that is farthest from being promoted."""
        found = list[int]()
        for rung, _ in reversed(list(self._from_the_top())):
            found += reversed(rung.rest(0))
        return found

    def _from_the_top(self) -> Iterator[tuple[_Rung, _Rung]]:
        """Each rung with the one above it, those of the most epochs first."""
        for until in reversed(self.rungs[:-1]):
            for column in self._columns:
                for rung, above in itertools.pairwise(column):
                    if rung.until == until:
                        yield rung, above

    def _go(self, trial: int, until: int) -> None:
        self._running += 1
        self._until[trial] = until

    def _rung(self, trial: int, until: int) -> _Rung:
        column = self._columns[self._bracket[trial]]
        return next(rung for rung in column if rung.until == until)
