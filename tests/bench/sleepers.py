"""Workers that only sleep, in virtual time in which the driver's own time is charged.

The clock runs with the driver's: by the CPU time of this process, and by what it waits for the
disk in `os.fsync`. While the driver waits for a worker it jumps to whatever happens next. So a
worker that waits for the driver is idle for as long as it would be on a machine that has a core
for the driver, and what else runs on this one does not count.
"""

from __future__ import annotations

import heapq
import math
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Self

from archdsl.study.engines.engine import Hear
from archdsl.study.engines.job import Begun, EngineEvent, Job, Outcome, Over, Reported

SIGMA = 0.3
"""Of the logarithm of a trial's seconds."""


class Disk:
    """Times `os.fsync`, and makes each take so many seconds more."""

    def __init__(self, slower: float = 0.0) -> None:
        self.slower, self.waited, self.waits = slower, 0.0, 0

    @contextmanager
    def watched(self) -> Iterator[Disk]:
        """Stand around `os.fsync`."""
        original = os.fsync

        def fsync(handle: int) -> None:
            begun = time.perf_counter()
            original(handle)
            self.waited += time.perf_counter() - begun + self.slower
            self.waits += 1

        os.fsync = fsync
        try:
            yield self
        finally:
            os.fsync = original


class Sleepers:
    """An engine of `capacity` workers; each job takes `seconds` on average and reports `epochs`.

    spans: of every job, when it was given and when it is over, in virtual seconds
    """

    threads: int | None = None

    def __init__(self, capacity: int, disk: Disk, seconds: float = 10.0, epochs: int = 0) -> None:
        self.capacity, self.seconds, self.epochs = capacity, seconds, epochs
        self.spans: list[tuple[float, float]] = []
        self.disk = disk
        self._coming: list[tuple[float, int, EngineEvent]] = []
        self._order = count()
        self._slept = 0.0

    def own(self) -> float:
        """Seconds that the driver took for itself."""
        return time.process_time() + self.disk.waited

    def now(self) -> float:
        """Virtual seconds."""
        return self.own() + self._slept

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
        """Hand over what happens until a worker wakes, and all that has happened by then."""
        over = False
        while self._coming and not (over and self._coming[0][0] > self.now()):
            when, _, event = heapq.heappop(self._coming)
            self._slept += max(0.0, when - self.now())
            hear(event)
            over = over or isinstance(event, Over)

    def cancel(self, trial: int) -> None:
        """Nothing wakes a sleeper."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *given: object) -> None:
        self._coming.clear()
