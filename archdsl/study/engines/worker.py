"""A process that does jobs for a driver: what runs at the other end of the connection.

What goes over it is JSON. The driver says {"job": ...} or {"cancel": trial}; a worker says
{"ready"}, {"alive"}, {"begun"}, {"reported"}, {"over"} and {"unfit"}, as `Workers` hears them. A
closed connection means that the driver is gone, and nothing here outlives it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from archdsl.errors import ArchError
from archdsl.study import causes
from archdsl.study.engines.handed import ReadData, prepared_again, received
from archdsl.study.engines.job import Job, Outcome, job
from archdsl.study.engines.moved import Travelled
from archdsl.study.engines.places import MachineShare
from archdsl.study.engines.surroundings import Surroundings
from archdsl.study.engines.work import Work
from archdsl.study.identity.setup import basis
from archdsl.study.trial import Metrics, to_json

BEAT = 1.0
"""Seconds between two signs of life."""

GRACE = 5.0
"""Seconds that a process has to end by itself."""


@dataclass(frozen=True, slots=True)
class Handed:
    """What a worker gets when it starts.

    evaluate: the user's, as bytes, or None for proxy training
    data: what `SharedData` made of the data, or None where the worker reads them itself
    code: the user's, where it travelled; looked_in: the folders there that Python looks in first
    folder: the working directory, where that is to be another and is there
    memory: bytes that it may take, or None; lock: a file to hold for as long as it lives
    start_method: of processes that a user's code starts
    """

    place: MachineShare
    evaluate: bytes | None
    data: ReadData | None
    memory: int | None
    lock: str
    start_method: str | None
    code: Travelled | None = None
    looked_in: tuple[str, ...] = ()
    folder: str | None = None


def main(connection: Connection, output: Connection, handed: Handed) -> None:
    """Do jobs until there are no more, or one leaves the process in another state."""
    _settle(handed, output)
    worker = _Worker(connection)
    try:
        work = _Warm(handed)
    except ArchError as error:
        worker.say({"unfit": str(error)})
        return
    held = Surroundings.now()
    worker.say({"ready": True})
    while (following := worker.next()) is not None:
        outcome = worker.do(work, following)
        fit = outcome.state != "failed" and held == Surroundings.now()
        worker.say({"over": outcome.record(), "fit": fit})
        if not fit:
            return


def _settle(handed: Handed, output: Connection) -> None:
    """Make the process one of its own, and keep to its place."""
    os.setsid()  # what a user's code starts ends with it, and Ctrl-C is the driver's
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    for stream in (1, 2):
        os.dup2(output.fileno(), stream)
    output.close()
    lock = os.open(handed.lock, os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(lock, fcntl.LOCK_SH)
    multiprocessing.set_start_method(handed.start_method, force=True)
    handed.place.take()
    sys.path[:0] = handed.looked_in
    if handed.folder is not None:
        with contextlib.suppress(OSError):  # it need not be on every machine
            os.chdir(handed.folder)
    if handed.memory is not None:
        _limit(handed.memory)


def _limit(memory: int) -> None:
    """Take so many bytes at most, or as many as the system lets a process ask for."""
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    most = sys.maxsize if most == resource.RLIM_INFINITY else most
    resource.setrlimit(resource.RLIMIT_DATA, (min(memory, most),) * 2)


class _Worker:
    """The connection, with a thread that listens and one that gives signs of life."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._cancelled: set[int] = set()
        self._sending = threading.Lock()
        self._busy = False
        for run in (self._listen, self._beat):
            threading.Thread(target=run, daemon=True).start()

    def next(self) -> Job | None:
        """The next job; None where there are no more."""
        return self._jobs.get()

    def do(self, work: Work, job: Job) -> Any:
        """Do a job, telling the driver of what happens."""

        def report(step: float, metrics: Metrics) -> None:
            self.say({"reported": [step, to_json(metrics)]})

        self._busy = True
        try:
            return work(
                job,
                begun=lambda at, step: self.say({"begun": [at, step, {**basis()}]}),
                report=report,
                should_stop=lambda: job.trial in self._cancelled,
            )
        except KeyboardInterrupt as error:  # no key of anybody's: Ctrl-C is the driver's
            cause, trace = causes.described(error)
            return Outcome("failed", cause=cause, trace=trace, fault="error")
        finally:
            self._busy = False
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):  # somebody closed or replaced it
                    stream.flush()

    def say(self, what: Mapping[str, Any]) -> None:
        """Tell the driver."""
        with self._sending:
            self._connection.send_bytes(json.dumps(what).encode())

    def _listen(self) -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                said = json.loads(self._connection.recv_bytes())
                if "job" in said:
                    self._jobs.put(job(said["job"]))
                else:
                    self._cancelled.add(said["cancel"])
        self._jobs.put(None)
        if not self._busy:  # else nobody is there to hear of it
            time.sleep(GRACE)
        os.killpg(os.getpid(), signal.SIGKILL)

    def _beat(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                time.sleep(BEAT)
                self.say({"alive": True})


class _Warm(Work):
    """Work with the data that were handed over, as soon as a job says for which space."""

    def __init__(self, handed: Handed) -> None:
        evaluate = None if handed.evaluate is None else received(handed.evaluate)
        super().__init__(evaluate, moved=handed.code)
        self._data = handed.data

    def training_of(self, space: Any) -> Any:
        """What trains the candidates of a space, its data at hand."""
        training = super().training_of(space)
        if training.prepared is None and self._data is not None:
            data, self._data = self._data, None
            with contextlib.suppress(Exception):  # classes that are not to be had: read them here
                training.prepared = prepared_again(data, training.own_module)
        return training
