"""The jobs of a record, decided one after another: a trial that begins, or one that goes on.

Job n follows from the results of the jobs up to n - 2N with N workers, whoever finished first.
Where that gives nothing to do, because all trials have begun, it follows from one result more, and
so on, in the order of the jobs. What one job knows, all later ones know.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from archdsl.language.settings import Objective, PruneSettings
from archdsl.study.halving.ladder import Ladder, Promotion, Step
from archdsl.study.objectives import signed
from archdsl.study.propose.known import known_jobs
from archdsl.study.propose.samplers.base import Scores
from archdsl.study.record.rungs import Rungs

Told = Callable[[int, int, "Scores | None"], None]


class JobOrder:
    """Goes along the jobs of a record, and says what the next one is.

    hear: called with trial, epochs and scores of each result that a job knows, in their order
    told: how many results the last job knew
    """

    def __init__(
        self, prune: PruneSettings, objectives: Sequence[Objective], hear: Told | None = None
    ) -> None:
        self.ladder = ladder_of(prune)
        self._objectives, self._hear = objectives, hear
        self._taken = 0
        self.told = 0

    def next(self, rungs: Rungs, *, more: bool) -> Step | None:
        """The next job; None where there is none, or not before another result is there.

        more: whether there are trials to begin
        """
        while self._taken < len(rungs.jobs):
            self._replay(rungs)
        number = self._taken
        if not self._know(known_jobs(number, rungs.sessions), rungs):
            return None
        while (step := self.ladder.next(more=more)) is None:
            if self.told == number or not self._know(self.told + 1, rungs):
                return None
        return step

    def _replay(self, rungs: Rungs) -> None:
        """Take the next job of the record, knowing what it was decided from."""
        number = self._taken
        trial, until = rungs.jobs[number]
        self._know(known_jobs(number, rungs.sessions), rungs)
        if trial not in self.ladder:
            self.ladder.begin(trial, until)
        else:
            step = Promotion(trial, until)
            while self.told < number and self.ladder.next(more=False) != step:
                if not self._know(self.told + 1, rungs):
                    break
            self.ladder.promote(trial, until)
        self._taken += 1

    def _know(self, count: int, rungs: Rungs) -> bool:
        """Know the results of the first `count` jobs; False where one of them is not there."""
        while self.told < count:
            if self.told not in rungs.results:
                return False
            trial, until = rungs.jobs[self.told]
            values = rungs.results[self.told]
            scores = None if values is None else signed(self._objectives, values)
            self.ladder.tell(trial, until, scores, over=self.told in rungs.last)
            if self._hear is not None:
                self._hear(trial, until, scores)
            self.told += 1
        return True


def ladder_of(prune: PruneSettings) -> Ladder:
    """The ladder that settings ask for, with nobody on it."""
    brackets = len(prune.rungs) if prune.type == "hyperband" else 1
    return Ladder(prune.rungs, prune.reduction, brackets)


def is_left(prune: PruneSettings, objectives: Sequence[Objective], rungs: Rungs) -> bool:
    """Whether a search that begins no more trials has any to promote, once nothing runs."""
    return JobOrder(prune, objectives).next(rungs, more=False) is not None
