"""A place for a worker, whoever sits there: what it was given, when it was last heard, its end."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from archdsl import memory
from archdsl.errors import SearchError
from archdsl.study.engines import processes, worker
from archdsl.study.engines.job import Begun, EngineEvent, Job, Outcome, Over, Reported, outcome
from archdsl.study.engines.places import MachineShare
from archdsl.study.trial import Fault, from_json
from archdsl.training.failures import OUT_OF_MEMORY
from archdsl.units import duration

_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a job may take, and a worker be silent, in seconds. None: as long as it likes."""

    job: float | None = None
    silence: float = 60.0


class Seat:
    """One worker at a time, another after it where one is lost.

    job: what it is at
    """

    def __init__(
        self, place: MachineShare, limits: Limits, said: Callable[[int | None, str], None]
    ) -> None:
        self.place = place
        self.job: Job | None = None
        self._limits, self._said = limits, said
        self._process: BaseProcess | None = None
        self._connection: Connection | None = None
        self._output: Connection | None = None
        self._line = b""
        self._begun = self._alive = 0.0
        self._oom_kills = 0

    @property
    def empty(self) -> bool:
        """Whether nobody sits here."""
        return self._process is None

    @property
    def sources(self) -> list[Any]:
        """What becomes ready when there is something to hear."""
        if self._process is None:
            return []
        return [one for one in (self._connection, self._output, self._process.sentinel) if one]

    def hire(self, handed: worker.Handed) -> None:
        """Start a worker."""
        self._connection, theirs = multiprocessing.Pipe()
        self._output, out = multiprocessing.Pipe(duplex=False)
        os.set_blocking(self._output.fileno(), False)
        with theirs, out:
            self._process = processes.start(worker.main, theirs, out, handed, name="archdsl worker")
        self._alive = time.monotonic()
        self._oom_kills = memory.oom_kills()

    def give(self, job: Job) -> None:
        """Give a job to the worker."""
        self.job = job
        self._begun = self._alive = time.monotonic()
        self._tell({"job": job.record()})

    def cancel(self) -> None:
        """Ask the worker to end its job after the epoch."""
        assert self.job is not None, "what runs is cancelled"
        self._tell({"cancel": self.job.trial})

    def heard(self) -> list[EngineEvent]:
        """What has happened here. Raises SearchError for a worker that cannot work at all."""
        if self._process is None:
            return []
        alive = self._process.is_alive()  # asked first: its last words are heard before its end
        events = [event for said in self._messages() for event in self._understood(said)]
        self._read_output()
        if self._process is not None and not alive:
            events += self._lost()
        if self.job is not None:
            events += self._overdue(self.job)
        return events

    def leave(self, *, at_once: bool) -> None:
        """Let the worker go. at_once: whether it is ended; an idle one may end by itself."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._process is not None and (at_once or self.job is not None):
            self._dismiss()

    def left(self, seconds: float) -> None:
        """See the worker out."""
        if self._process is not None:
            self._process.join(seconds)
            self._dismiss()

    def _tell(self, what: dict[str, Any]) -> None:
        assert self._connection is not None, "somebody sits here"
        with contextlib.suppress(OSError):  # one that is gone is heard as such
            self._connection.send_bytes(json.dumps(what).encode())

    def _messages(self) -> Iterator[dict[str, Any]]:
        while self._connection is not None:
            try:
                if not self._connection.poll():
                    return
                said = json.loads(self._connection.recv_bytes())
            except (EOFError, OSError):
                return
            self._alive = time.monotonic()
            yield said

    def _understood(self, said: dict[str, Any]) -> list[EngineEvent]:
        job = self.job
        match said:
            case {"unfit": words}:
                self._dismiss()
                raise SearchError(words)
            case {"begun": [at, step, basis]} if job is not None:
                self._begun = time.monotonic()
                return [Begun(job, at, step, basis)]
            case {"reported": [step, metrics]} if job is not None:
                return [Reported(job, step, from_json(metrics))]
            case {"over": record, "fit": fit} if job is not None:
                self._read_output()  # what it printed came before its word that it is over
                self._say_rest()
                self.job = None
                if not fit:
                    self._dismiss()
                return [Over(job, outcome(record))]
        return []

    def _lost(self) -> list[EngineEvent]:
        """The worker has ended: what came of its job."""
        process, job = self._process, self.job
        assert process is not None, "asked for where there was one"
        code = process.exitcode or 0
        starved = code == -signal.SIGKILL and memory.oom_kills() > self._oom_kills
        self._dismiss()
        if job is None:
            return []
        return [self._failed(job, *(_STARVED if starved else _ended(code)))]

    def _overdue(self, job: Job) -> list[EngineEvent]:
        now, limit = time.monotonic(), self._limits.job
        if limit is not None and now - self._begun > limit:
            cause = f"timeout: it took longer than search.trial_timeout, {duration(limit)}"
            fault: Fault = "timeout"
        elif now - self._alive > self._limits.silence:
            cause = f"hung: its worker gave no sign of life for {duration(self._limits.silence)}"
            fault = "hung"
        else:
            return []
        self._dismiss()
        return [self._failed(job, fault, cause)]

    def _failed(self, job: Job, fault: Fault, cause: str) -> Over:
        self.job = None
        seconds = round(time.monotonic() - self._begun, 3)
        ended = time.time()
        return Over(
            job,
            Outcome(
                "failed", cause=cause, fault=fault, begun=ended - seconds, ended=ended,
                seconds=seconds,
            ),
        )  # fmt: skip

    def _dismiss(self) -> None:
        """End the worker and all that it started, and hear its last words."""
        if self._process is not None:
            processes.kill(self._process)
            self._read_output()
            self._process.close()
        for one in (self._connection, self._output):
            if one is not None:
                one.close()
        self._process = self._connection = self._output = None

    def _read_output(self) -> None:
        if self._output is None:
            return
        while True:
            try:
                chunk = os.read(self._output.fileno(), _CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                break
            *lines, self._line = (self._line + chunk).split(b"\n")
            for line in lines:
                self._say(line)
        self._say_rest()
        self._output.close()
        self._output = None

    def _say_rest(self) -> None:
        """The beginning of a line that was not ended."""
        if self._line:
            self._say(self._line)
            self._line = b""

    def _say(self, line: bytes) -> None:
        number = None if self.job is None else self.job.candidate
        self._said(number, line.decode(errors="replace"))


def _ended(code: int) -> tuple[Fault, str]:
    """How a process ended that had not finished its job."""
    if code >= 0:
        return "crashed", f"crashed: the code that it ran ended the process, with exit code {code}"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
    if -code in _FROM_OUTSIDE:
        return "killed", f"killed: its worker was ended from outside ({name})"
    return "crashed", f"crashed: native code ended the process ({name})"


_STARVED: tuple[Fault, str] = "memory", OUT_OF_MEMORY
_FROM_OUTSIDE = {signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT}
