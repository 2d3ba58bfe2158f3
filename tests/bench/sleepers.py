"""Workers that only sleep, in virtual time in which the driver's own time is charged.

The clock runs with the machine's while the driver works, that is between two calls of `events`
and inside `hear`, and jumps to whatever happens next while the driver waits. So 64 workers with
trials of ten seconds take the driver's time alone, and a worker that waits for the driver is idle
for as long as it would be with real workers.
"""

from __future__ import annotations

import heapq
import math
import random
import time
from itertools import count
from typing import Self

from archdsl.study.engines.engine import Hear
from archdsl.study.engines.job import Begun, EngineEvent, Job, Outcome, Over, Reported

SIGMA = 0.3
"""Of the logarithm of a trial's seconds."""


class Sleepers:
    """An engine of `capacity` workers; each job takes `seconds` on average and reports `epochs`.

    idle: seconds for which workers waited for the driver; given: how many jobs were handed out
    """

    def __init__(self, capacity: int, seconds: float = 10.0, epochs: int = 0) -> None:
        self.capacity, self.seconds, self.epochs = capacity, seconds, epochs
        self.spans: list[tuple[float, float]] = []
        self._coming: list[tuple[float, int, EngineEvent]] = []
        self._order = count()
        self._skipped = -time.perf_counter()

    def now(self) -> float:
        """Virtual seconds since the engine was made."""
        return time.perf_counter() + self._skipped

    def busy(self) -> float:
        """The share of their time for which the workers slept, until the last job was given."""
        begun, end = self.spans[0][0], self.spans[-1][0]
        slept = sum(min(until, end) - since for since, until in self.spans)
        return slept / (self.capacity * (end - begun))

    def submit(self, job: Job) -> None:
        """Let a worker sleep."""
        draws = random.Random(job.trial)
        seconds = self.seconds * math.exp(draws.gauss(-(SIGMA**2) / 2, SIGMA))
        begun = self.now()
        self.spans.append((begun, begun + seconds))
        self._at(begun, Begun(job, begun))
        for epoch in range(1, self.epochs + 1):
            metrics = {"accuracy": draws.random(), "loss": draws.random()}
            self._at(begun + seconds * epoch / self.epochs, Reported(job, epoch, metrics))
        done = Outcome(
            "complete", {"accuracy": draws.random()}, begun=begun, ended=begun + seconds,
            seconds=seconds,
        )  # fmt: skip
        self._at(begun + seconds, Over(job, done))

    def _at(self, when: float, event: EngineEvent) -> None:
        heapq.heappush(self._coming, (when, next(self._order), event))

    def events(self, hear: Hear) -> None:
        """Hand over what happens until a worker wakes."""
        while self._coming:
            when, _, event = heapq.heappop(self._coming)
            self._skipped += max(0.0, when - self.now())
            hear(event)
            if isinstance(event, Over):
                return

    def cancel(self, trial: int) -> None:
        """Nothing wakes a sleeper."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *given: object) -> None:
        self._coming.clear()
