"""What a phase is: it says what to run next, and what is to be recorded of what was run."""

from __future__ import annotations

from collections.abc import Set
from typing import Protocol

from archdsl.study.engines.job import Begun, EngineEvent, Job, Reported
from archdsl.study.identity.setup import other_than_here
from archdsl.study.record.events import Epoch, Event, Running, Training
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next
from archdsl.study.trial import to_json


class Phase(Protocol):
    """A part of a search that follows from the record alone."""

    def next(self, state: State, busy: Set[Training]) -> Next | None:
        """What to do now; None where nothing is to be done, or not before a job is over.

        Nothing changes by asking: what it says may be taken up by nobody, or by somebody else.

        busy: the trainings that somebody is at, each as its trunk
        """

    def job(self, training: Training, state: State) -> Job:
        """The job of a training that is to run now. Raises SearchError where it cannot."""

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """What is to be recorded of what happened to a job of this phase."""


def of_progress(event: Begun | Reported) -> tuple[Event, ...]:
    """What is to be recorded of a training that begins, or has reported."""
    match event:
        case Begun(job, at, step, basis, node):
            there = None if basis is None else other_than_here(basis) or None
            return (Running(job.training, step, at, node=node, there=there),)
        case Reported(job, step, metrics):
            return (Epoch(job.training, step, to_json(metrics)),)
