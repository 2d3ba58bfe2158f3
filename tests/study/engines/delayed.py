"""An engine without threads or clocks: jobs end in an order that is drawn."""

from __future__ import annotations

import random
from typing import Self

from archdsl.study.engines.engine import Hear
from archdsl.study.engines.job import Begun, Job, Over, Reported
from archdsl.study.engines.work import Work


class Delayed:
    """Holds `capacity` jobs, and does the one that is due first in a time of its own.

    seed: of how long each job takes; most: how many were held at once
    """

    threads: int | None = None

    def __init__(self, work: Work, capacity: int, seed: int) -> None:
        self.capacity, self.most, self.order = capacity, 0, list[int]()
        self._work, self._draws, self._now = work, random.Random(seed), 0.0
        self._due: dict[float, Job] = {}
        self._begun = list[Job]()

    def submit(self, job: Job) -> None:
        self._due[self._now + self._draws.lognormvariate(0, 1)] = job
        self._begun.append(job)
        self.most = max(self.most, len(self._due))

    def events(self, hear: Hear) -> None:
        while self._begun:
            hear(Begun(self._begun.pop(0), 0.0))
        self._now = min(self._due)
        job = self._due.pop(self._now)
        self.order.append(job.trial)
        outcome = self._work(
            job,
            begun=lambda at, step: None,
            report=lambda step, metrics: hear(Reported(job, step, metrics)),
            should_stop=lambda: False,
        )
        hear(Over(job, outcome))

    def cancel(self, trial: int) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *given: object) -> None:
        pass
