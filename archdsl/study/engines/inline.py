"""Jobs one after another, in the process that searches."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Self

from archdsl.study.engines.engine import Hear
from archdsl.study.engines.job import Begun, EngineEvent, Job, Outcome, Over, Reported
from archdsl.study.engines.work import Work


class Inline:
    """Runs a job when its events are asked for. work: does it."""

    capacity = 1
    threads: int | None = None

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: deque[Job] = deque()
        self._cancelled: set[int] = set()

    def submit(self, job: Job) -> None:
        """Take a job."""
        self._cancelled.discard(job.trial)
        self._waiting.append(job)

    def events(self, hear: Hear) -> None:
        """Do the next job, reporting what happens to it."""
        if not self._waiting:
            return
        job = self._waiting.popleft()
        if job.trial in self._cancelled:
            hear(Over(job, Outcome("cancelled")))
            return
        listening = _Listening(hear)
        try:
            done = self._work(
                job,
                begun=lambda at, step: listening(Begun(job, at, step)),
                report=lambda step, metrics: listening(Reported(job, step, metrics)),
                should_stop=lambda: job.trial in self._cancelled,
            )
        except _NotTheJobs as stopped:
            raise stopped.cause from None
        hear(Over(job, done))

    def cancel(self, trial: int) -> None:
        """Let a trial's job end after its epoch."""
        self._cancelled.add(trial)

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Forget what waits."""
        self._waiting.clear()


class _NotTheJobs(BaseException):
    """Carries an exception of the listener past what runs a job and what a user's code catches."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__()
        self.cause = cause


class _Listening:
    def __init__(self, hear: Hear) -> None:
        self._hear = hear

    def __call__(self, event: EngineEvent) -> None:
        try:
            self._hear(event)
        except Exception as error:
            raise _NotTheJobs(error) from None
