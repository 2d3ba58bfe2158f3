"""The door that every engine has."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from archdsl.study.engines.job import EngineEvent, Job

Hear: TypeAlias = Callable[[EngineEvent], None]


class Engine(Protocol):
    """Runs jobs, in whatever order, and reports what happens to them.

    capacity: how many jobs it takes at once
    threads: of torch's, that a job may take; None for as many as this process has
    """

    capacity: int
    threads: int | None

    def submit(self, job: Job) -> None:
        """Take a job."""

    def events(self, hear: Hear) -> None:
        """Hand over what has happened since, and what happens until another job is over.

        An engine that works in the process of its caller works here, and `hear` is called in the
        midst of a job; what it raises ends the call and is no failure of the job.
        """

    def cancel(self, trial: int) -> None:
        """Let the jobs of a trial end as soon as they can; each is still reported as over."""

    def __enter__(self) -> Self:
        """Begin to run jobs."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Run no more; what runs is given up."""
