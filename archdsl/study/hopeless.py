"""After which failures in a row a search would learn nothing from going on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from archdsl.study.causes import Failures
from archdsl.study.record.state import State
from archdsl.study.trial import Trial


class Streak(NamedTuple):
    """Failures of one cause in a row. last: the trial of the last; many: how many"""

    last: Trial
    many: int


class Hopeless:
    """Goes along a record, which is looked at again and again as it grows.

    Trials are heard by number, and in a search that prunes the promotions by that of their jobs,
    for themselves: what fails late fails between others that come to their first rung. Who finished
    first is no matter.
    """

    def __init__(self) -> None:
        self._trials, self._promotions = Failures(), Failures()
        self._judged = self._jobs = 0

    @property
    def succeeded(self) -> bool:
        """Whether any trial came to a figure."""
        return self._trials.succeeded

    def look(self, state: State) -> Streak | None:
        """Hear what is new; the first streak in it that is long enough, if there is one."""
        found = None
        for trial in self._next_over(state):
            if state.rungs.reached(trial.number):
                self._trials.succeed()
            elif self._trials.hopeless(trial):
                found = found or Streak(trial, self._trials.limit)
        for trial, failed in self._next_promoted(state):
            if not failed:
                self._promotions.succeed()
            elif self._promotions.hopeless(trial):
                found = found or Streak(trial, self._promotions.limit)
        return found

    def _next_over(self, state: State) -> Iterator[Trial]:
        """The trials that are over, or were put aside once, each once."""
        trials, reached = state.trials, state.rungs.reached
        while self._judged in trials and (trials[self._judged].over or reached(self._judged)):
            self._judged += 1
            yield trials[self._judged - 1]

    def _next_promoted(self, state: State) -> Iterator[tuple[Trial, bool]]:
        """The trials that went on and came to an end, each with whether that was a failure."""
        rungs = state.rungs
        while self._jobs in rungs.results:
            job = self._jobs
            self._jobs += 1
            if rungs.is_promotion(job):
                yield state.trials[rungs.jobs[job].trial], rungs.results[job] is None


def stopped(streak: Streak, *, succeeded: bool, folder: Path | None) -> str:
    """What is said where a search gives up.

    succeeded: whether any trial came to a figure; folder: of the record, if there is one
    """
    last = streak.last
    trace = "".join(f"\n  {line}" for line in (last.trace or "").splitlines()[-1:])
    record = f"\n  the record is in {folder}; mend the cause, and the same command goes on"
    if succeeded:  # whose figures follow from what there was
        record += ".  where the cause is in code or data of your own, choose another --out"
    if folder is None:
        record = ""
    return f"{streak.many} trials in a row failed of the same cause: {last.cause}{trace}{record}"
