"""A driver in a process that can be killed and stopped, with a judge that tells when it begins."""

from __future__ import annotations

import json
import os
import resource
import signal
import time
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from archdsl.study import Candidate, events, search
from archdsl.study import judge as judging
from archdsl.study.record.folder import read_state
from tests.kills.searching import context
from tests.study.conftest import tiny_space

LEASE = 2


class Evaluate:
    """Judges by what a candidate is, after a moment; says in a file who began with which trial."""

    def __init__(self, log: Path, name: str, seconds: float) -> None:
        self.log, self.name, self.seconds = log, name, seconds

    def __call__(self, candidate: Candidate) -> float:
        with self.log.open("a") as file:
            file.write(f"{self.name} {candidate.number}\n")
        time.sleep(self.seconds)
        return candidate.cost.params / 1e6


def start(
    storage: dict[str, Any],
    folder: Path,
    name: str,
    *,
    seconds: float = 0.05,
    clock: float = 0.0,
    bytes_at_most: int | None = None,
    trains: bool = False,
    torch: str | None = None,
    beside: str | None = None,
    **settings: Any,
) -> ForkServerProcess:
    """A driver called so, with a run directory of its own.

    seconds: that it takes to judge; clock: by how many its clock is wrong
    bytes_at_most: of any file that it writes, as if the disk were full
    torch: the version that it has
    trains: whether candidates are trained, and not judged by what they are
    beside: the driver that this one waits for at its first epoch, until that one has one, too
    """
    judge = None if trains else Evaluate(folder / "log", name, seconds)
    given = (storage, folder, name, judge, clock, bytes_at_most, torch, beside, settings)
    process = context().Process(target=_search, args=given)
    process.start()
    return process


def _search(
    storage: dict[str, Any],
    folder: Path,
    name: str,
    judge: Evaluate | None,
    clock: float,
    bytes_at_most: int | None,
    torch: str | None,
    beside: str | None,
    settings: dict[str, Any],
) -> None:
    right = time.time
    time.time = lambda: right() + clock
    if torch is not None:
        own = judging.versions
        judging.versions = lambda: {**own(), "torch": torch}
    if bytes_at_most is not None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_at_most, resource.RLIM_INFINITY))

    def listener(event: events.Event) -> None:
        if isinstance(event, events.Notice):
            with (folder / f"{name}.notices").open("a") as file:
                file.write(json.dumps(event.text) + "\n")
        if beside is not None and isinstance(event, events.Epoch):
            (folder / f"{name}.trains").touch()
            until((folder / f"{beside}.trains").exists)

    with Path(os.devnull).open("w") as nothing:
        os.dup2(nothing.fileno(), 1)
        space = tiny_space({"input": [1, 12, 12]}, storage=storage, **settings)
        search(
            space, out=folder / name, settings=space.spec.settings(), listener=listener,
            evaluate=judge,
        )  # fmt: skip


def notices(folder: Path, name: str) -> list[str]:
    path = folder / f"{name}.notices"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def begun(folder: Path) -> list[tuple[str, int]]:
    """Who began with which trial, in that order."""
    path = folder / "log"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(name, int(number)) for name, number in map(str.split, lines)]


def until(what: Any, seconds: float = 60) -> Any:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.01)
    return found


def trials(folder: Path) -> list[tuple[int, str, dict[str, Any], Any]]:
    """The trials that a run directory has on record."""
    state = read_state(folder)
    assert state is not None
    return [(t.number, t.state, dict(t.decisions), t.values) for t in state.in_order()]
