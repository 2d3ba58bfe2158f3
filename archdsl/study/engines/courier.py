"""The files of jobs on their way to the shared folder and back.

An epoch is told of when the state after it lies in the shared folder, so that what is on record is
never ahead of what outlives the machine. As a training saves its state after it has reported, that
is when the file has changed, or when its next event comes.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from archdsl.study import causes
from archdsl.study.candidate import WEIGHTS
from archdsl.study.engines.job import EngineEvent, Job, Outcome, Over, Reported
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.work import ERROR
from archdsl.study.record.events import Training

Stamp = tuple[int, int, int] | None


class Courier:
    """Carries what jobs need and what they leave. mirror: of the folder that they are done in."""

    def __init__(self, mirror: Mirror) -> None:
        self.mirror = mirror
        self._held: dict[Training, Reported] = {}
        self._put: dict[Training, Stamp] = {}

    def fetch(self, job: Job) -> None:
        """Bring here what a job goes on from. Raises SearchError.

        A state in the shared folder comes before one that lies here: another machine may have
        trained on.
        """
        for path in (job.checkpoint, job.trunk):
            if path is not None:
                self.mirror.get(Path(path))
        for weights in _needed(job):
            if not weights.is_file():
                self.mirror.get(weights)
        self._put[job.training] = _stamp(job)

    def send(self, job: Job) -> None:
        """Put there what a job goes on from that lies only here. Raises SearchError."""
        states = [Path(path) for path in (job.checkpoint, job.trunk) if path is not None]
        for path in (*states, *_needed(job)):
            if path.is_file() and not self.mirror.has(path):
                self.mirror.put(path)

    def collect(self, job: Job, outcome: Outcome) -> None:
        """Bring here what a job has left that was done elsewhere. Raises SearchError."""
        if job.task == "judge" and job.until is None:
            self.mirror.get(Path(job.folder) / WEIGHTS)
        if outcome.cause is not None and causes.is_cut(outcome.cause):
            self.mirror.get(_error(job))

    def heard(self, event: EngineEvent) -> list[EngineEvent]:
        """What is to be told now that something happened. Raises SearchError."""
        match event:
            case Reported(job) if job.checkpoint is not None:
                told = self._released(job)
                self._held[job.training] = event
                return told
            case Over(job, outcome):
                return [*self._ended(job, outcome), event]
            case _:
                return [event]

    def look(self, holds: Callable[[Training], bool] = lambda training: True) -> list[EngineEvent]:
        """What is to be told since its state was saved. Raises SearchError.

        holds: whether the state of a training may be put there
        """
        waiting = [one.job for one in self._held.values() if holds(one.job.training)]
        return [
            event for job in waiting if _stamp(job) != self._put.get(job.training)
            for event in self._released(job)
        ]  # fmt: skip

    def _released(self, job: Job) -> list[EngineEvent]:
        """What was held back of a job, its state being put there first."""
        stamp = _stamp(job)
        if stamp is not None and stamp != self._put.get(job.training) and job.checkpoint:
            self.mirror.put(Path(job.checkpoint))
            self._put[job.training] = stamp
        held = self._held.pop(job.training, None)
        return [] if held is None else [held]

    def _ended(self, job: Job, outcome: Outcome) -> list[EngineEvent]:
        """Put there what a job has left: a state to go on from, or weights."""
        weights = Path(job.folder) / WEIGHTS
        if outcome.state == "complete" and job.until is None:
            held = self._held.pop(job.training, None)
            told: list[EngineEvent] = [] if held is None else [held]
        else:
            told = self._released(job)
        if job.task == "judge" and job.until is None and weights.is_file():
            self.mirror.put(weights)
        if outcome.cause is not None and causes.is_cut(outcome.cause) and _error(job).is_file():
            self.mirror.put(_error(job))
        self._put.pop(job.training, None)
        return told


def _needed(job: Job) -> list[Path]:
    """The weights that a job begins with, or looks with."""
    found = [] if job.inherits is None else [Path(job.inherits[1])]
    return [*found, Path(job.folder) / WEIGHTS] if job.task == "look" else found


def _error(job: Job) -> Path:
    """Where the whole of an error is that was cut."""
    folder = Path(job.folder)
    return (folder.parent if job.training.branch else folder) / ERROR


def _stamp(job: Job) -> Stamp:
    """What tells one state of a training from the next; None where there is none."""
    if job.checkpoint is None:
        return None
    try:
        found = Path(job.checkpoint).stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
