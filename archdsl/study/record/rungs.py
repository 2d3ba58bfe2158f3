"""The jobs of a search that pauses and promotes, as events say of them."""

from __future__ import annotations

from typing import NamedTuple

from archdsl.study.record.events import Malformed


class RungJob(NamedTuple):
    """A part of a trial's training: from where it stands to so many epochs."""

    trial: int
    until: int


class Rungs:
    """The jobs in the order in which they were decided, and what they came to.

    results: number of a job -> the objectives there, None where it failed
    last: the jobs after which nothing more comes of their trials
    resting: the trials that were put aside and not promoted since
    sessions: of each start the number of its first job, and its workers
    """

    def __init__(self) -> None:
        self.jobs: list[RungJob] = []
        self.results: dict[int, tuple[float, ...] | None] = {}
        self.last: set[int] = set()
        self.resting: set[int] = set()
        self.sessions: list[tuple[int, int]] = []
        self._job_of: dict[int, int] = {}
        self._promotions = set[int]()
        self._seen = set[int]()

    @property
    def has_figures(self) -> bool:
        """Whether any trial came to a figure on a rung."""
        return bool(self._seen)

    def until(self, trial: int) -> int | None:
        """The epochs that a trial is, or was last, trained to; None where that is its end."""
        job = self._job_of.get(trial)
        return None if job is None else self.jobs[job].until

    def reached(self, trial: int) -> bool:
        """Whether a trial came to a figure on some rung."""
        return trial in self._seen

    def is_promotion(self, job: int) -> bool:
        """Whether a job takes up a trial that was put aside."""
        return job in self._promotions

    def values(self, trial: int) -> tuple[float, ...] | None:
        """What the last job of a trial came to, if it is over."""
        return self.results.get(self._job_of.get(trial, -1))

    def begin(self, workers: int) -> None:
        """Another start of the search."""
        self.sessions.append((len(self.jobs), workers))

    def take(self, trial: int, until: int) -> None:
        """A job was decided."""
        self.resting.discard(trial)
        if trial in self._job_of:
            self._promotions.add(len(self.jobs))
        self._job_of[trial] = len(self.jobs)
        self.jobs.append(RungJob(trial, until))

    def rest(self, trial: int, values: list[float]) -> None:
        """A trial is put aside."""
        self._came_to(trial, values)
        self.resting.add(trial)

    def end(self, trial: int, values: list[float] | None) -> None:
        """The last job of a trial is over, and the trial with it."""
        self._came_to(trial, values)
        if trial in self._job_of:
            self.last.add(self._job_of[trial])

    def _came_to(self, trial: int, values: list[float] | None) -> None:
        job = self._job_of.get(trial)
        if job is not None:
            self.results[job] = None if values is None else tuple(values)
            if values is not None:
                self._seen.add(trial)

    def check_promotion(self, trial: int, until: int) -> None:
        """Raise Malformed for a promotion that cannot come next."""
        if trial not in self.resting:
            raise Malformed(f"trial {trial} is promoted, and was not put aside")
        if until <= (self.until(trial) or 0):
            raise Malformed(f"trial {trial} is promoted to {until} epochs, which it has")

    def check_rest(self, trial: int, step: int) -> None:
        """Raise Malformed for a trial that is put aside elsewhere than it was to be."""
        if step != self.until(trial):
            raise Malformed(f"trial {trial} is put aside after {step} epochs")
