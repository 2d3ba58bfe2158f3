"""What a phase is: it says what to run next, and what is to be recorded of what was run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from archdsl.study.engines.job import EngineEvent, Job
from archdsl.study.record.events import Event
from archdsl.study.record.state import State


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next: events to record at once, and a job to run after them, if any."""

    events: tuple[Event, ...] = ()
    job: Job | None = None


class Phase(Protocol):
    """A part of a search that follows from the record alone."""

    def next(self, state: State) -> Next | None:
        """What to do now; None where nothing is to be done, or not before a job is over."""

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """What is to be recorded of what happened to a job of this phase."""
