"""An engine whose jobs leave what they have in a shared folder, too."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

from archdsl.errors import SearchError
from archdsl.study.engines.courier import Courier
from archdsl.study.engines.engine import Engine, Hear
from archdsl.study.engines.job import EngineEvent, Job
from archdsl.study.engines.mirror import Mirror
from archdsl.study.record.events import Training


class Mirrored:
    """Does what an engine does, and carries the files of its jobs.

    engine: runs the jobs on this machine; mirror: of the run directory
    holds: whether a training is still this driver's: what another goes on with is not written over
    """

    def __init__(self, engine: Engine, mirror: Mirror, holds: Callable[[Training], bool]) -> None:
        self.capacity, self.threads = engine.capacity, engine.threads
        self._engine, self._courier, self._holds = engine, Courier(mirror), holds

    def submit(self, job: Job) -> None:
        """Take a job, with what it goes on from. Raises SearchError."""
        self._courier.fetch(job)
        self._engine.submit(job)

    def events(self, hear: Hear) -> None:
        """Hand over what happens, each when its files are in the shared folder.

        Raises SearchError where they cannot be put there.
        """

        def carried(event: EngineEvent) -> None:
            ours = self._holds(event.job.training)
            for one in self._courier.heard(event) if ours else [event]:
                hear(one)

        self._engine.events(carried)

    def cancel(self, trial: int) -> None:
        """Let a trial's job end after its epoch."""
        self._engine.cancel(trial)

    def __enter__(self) -> Self:
        """Begin to run jobs."""
        self._engine.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Run no more; the last states are put there if that can be done."""
        self._engine.__exit__(kind, error, where)
        with contextlib.suppress(SearchError):
            self._courier.look(self._holds)
