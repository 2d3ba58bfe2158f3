"""Jobs side by side, each worker a process of its own."""

from __future__ import annotations

import contextlib
import fcntl
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from archdsl.errors import SearchError
from archdsl.study.engines import processes
from archdsl.study.engines.engine import Hear
from archdsl.study.engines.handed import ReadData, SharedData, sent
from archdsl.study.engines.job import EngineEvent, Job, Outcome, Over
from archdsl.study.engines.places import places
from archdsl.study.engines.seat import Limits, Seat
from archdsl.study.engines.work import Evaluate
from archdsl.study.engines.worker import GRACE, Handed

if TYPE_CHECKING:
    from archdsl.training.prepare import Prepared

LOOK = 0.5
"""Seconds between two looks at the clock while nothing is heard."""

MOMENT = 1.0
"""Seconds of waiting of which nothing is said."""

ORPHANS = 30.0
"""Seconds that workers of a driver that was killed have to end."""


@dataclass(frozen=True, slots=True)
class Staff:
    """Who works, and under which limits.

    lock: a file that every worker holds; shared: a folder for data that they share
    """

    workers: int
    per_gpu: int
    memory: int | None
    limits: Limits
    lock: Path
    shared: Path


class Workers:
    """Runs jobs in worker processes, which stay warm from one job to the next.

    evaluate: judges candidates, or None for proxy training
    prepared: called when the first worker starts, for the data of the proxy if they are read
    said: told of every line that a worker prints, with the trial that it is at
    waits: told what is waited for, where that takes longer than a moment
    Raises SearchError for an `evaluate` that cannot be sent, or too few GPUs.
    """

    def __init__(
        self,
        staff: Staff,
        evaluate: Evaluate | None,
        prepared: Callable[[], Prepared | None],
        said: Callable[[int | None, str], None],
        waits: Callable[[str], None],
    ) -> None:
        self.capacity = staff.workers
        self._staff = staff
        self._evaluate = None if evaluate is None else sent(evaluate)
        self._prepared = prepared
        self._waits = waits
        self._data: SharedData | None = None
        self._read: ReadData | None = None
        self._waiting: deque[Job] = deque()
        self._cancelled: deque[Job] = deque()
        self._seats = [Seat(place, staff.limits, said) for place in
                       places(staff.workers, staff.per_gpu)]  # fmt: skip
        self.threads: int | None = self._seats[0].place.threads
        processes.warm_up()

    def submit(self, job: Job) -> None:
        """Take a job."""
        self._waiting.append(job)
        self._hand_out()

    def events(self, hear: Hear) -> None:
        """Hand over what happens, until a job is over."""
        over = False
        while not over and (self._cancelled or any(seat.job for seat in self._seats)):
            while self._cancelled:
                hear(Over(self._cancelled.popleft(), Outcome("cancelled")))
                over = True
            wait([source for seat in self._seats for source in seat.sources], timeout=LOOK)
            for seat in self._seats:
                for event in self._heard(seat):
                    over = over or isinstance(event, Over)
                    hear(event)

    def _heard(self, seat: Seat) -> list[EngineEvent]:
        events = seat.heard()
        self._hand_out()
        return events

    def cancel(self, trial: int) -> None:
        """Let a trial's job end after its epoch; one that waits does not begin."""
        for job in [one for one in self._waiting if one.trial == trial]:
            self._waiting.remove(job)
            self._cancelled.append(job)
        for seat in self._seats:
            if seat.job is not None and seat.job.trial == trial:
                seat.cancel()

    def __enter__(self) -> Self:
        """Wait until no worker of an earlier driver is left. Raises SearchError."""
        _wait_for_orphans(self._staff.lock, self._waits)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """Let idle workers end by themselves, and the others at once."""
        self._waiting.clear()
        for seat in self._seats:
            seat.leave(at_once=error is not None)
        until = time.monotonic() + GRACE
        for seat in self._seats:
            seat.left(max(0.0, until - time.monotonic()))
        if self._data is not None:
            self._data.close()

    def _hand_out(self) -> None:
        for seat in self._seats:
            if not self._waiting:
                return
            if seat.job is None:
                if seat.empty:
                    seat.hire(self._handed(seat))
                seat.give(self._waiting.popleft())

    def _handed(self, seat: Seat) -> Handed:
        if self._data is None:
            self._data = SharedData(self._staff.shared)
            prepared = self._prepared() if self._evaluate is None else None
            self._read = None if prepared is None else self._data.of(prepared)
        return Handed(
            place=seat.place,
            evaluate=self._evaluate,
            data=self._read,
            memory=self._staff.memory,
            lock=str(self._staff.lock),
            start_method=multiprocessing.get_start_method(allow_none=True),
        )


def _wait_for_orphans(lock: Path, waits: Callable[[str], None]) -> None:
    """Wait until nobody holds a file. Raises SearchError after `ORPHANS` seconds."""
    begun, said = time.monotonic(), False
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    with contextlib.closing(os.fdopen(handle)):
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                waited = time.monotonic() - begun
                if waited > MOMENT and not said:
                    said = True
                    waits(
                        f"waiting for a worker process of an earlier start to end, {ORPHANS:.0f} s "
                        "at most"
                    )
                if waited > ORPHANS:
                    raise SearchError(
                        f"{lock.parent}: a worker process of an earlier start does not end.  end "
                        f"it (`fuser {lock}` names it), and the same command goes on"
                    ) from None
                time.sleep(0.05)
            else:
                return
