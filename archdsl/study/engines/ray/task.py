"""What runs on a node: one job, by a worker process of its own, with its files in a scratch folder.

The worker sits on the same seat as on one machine, so that whatever the user's code does to it is
heard, bounded and mended alike. The process of Ray around it only passes on what it hears.
"""

from __future__ import annotations

import atexit
import dataclasses
import os
import tempfile
import time
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from archdsl.errors import ArchError, SearchError
from archdsl.study.engines.courier import Courier
from archdsl.study.engines.job import Begun, EngineEvent, Job, Over, Reported, job
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.moved import Travelled
from archdsl.study.engines.places import MachineShare
from archdsl.study.engines.ray.code_pack import CodePack
from archdsl.study.engines.ray.kit import Kit
from archdsl.study.engines.ray.node import node_folder, unpacked
from archdsl.study.engines.seat import Seat
from archdsl.study.engines.shared_folder import SharedFolder
from archdsl.study.engines.worker import GRACE, Handed
from archdsl.study.identity.setup import versions
from archdsl.study.trial import to_json
from archdsl.version import VERSION

LOOK = 0.2
"""Seconds between two looks at a job of which nothing is heard."""

ASK = 1.0
"""Seconds after which a task that has nothing to say asks whether its job was cancelled."""

SCRATCH = "run"
"""Below a scratch folder: what is laid out like the run directory."""


def do(
    kit: Kit, code: CodePack, record: dict[str, Any], root: str, attempt: int, post: Any
) -> None:
    """Do a job, telling the driver of what happens.

    record: of the job, its paths below `root`, the run directory; attempt: its number at the post
    """
    line = _Line(post, attempt)
    line.add(at=[_node_id(), _here(), versions()])
    try:
        _do(kit, code, job(record), Path(root), line)
    except ArchError as error:
        line.add(unfit=str(error))
    line.say()


class _Line:
    """What is to be said, until it is; what is waited for until it is heard."""

    def __init__(self, post: Any, attempt: int) -> None:
        self._post, self._attempt = post, attempt
        self._words: list[dict[str, Any]] = []
        self._asked = time.monotonic()

    def add(self, **word: Any) -> None:
        """Say something with the next words."""
        self._words.append(word)

    def say(self) -> bool:
        """Say it; whether the job was cancelled, as far as that was asked."""
        import ray

        now = time.monotonic()
        if not self._words and now - self._asked < ASK:
            return False
        words, self._words, self._asked = self._words, [], now
        cancelled: bool = ray.get(self._post.say.remote(self._attempt, words))
        return cancelled


def _do(kit: Kit, code: CodePack, job: Job, root: Path, line: _Line) -> None:
    _refuse_another_version(kit)
    _refuse_what_is_missing(code)
    shared = SharedFolder(kit.shared, lambda what: line.add(notice=what))
    with tempfile.TemporaryDirectory(dir=node_folder(), ignore_cleanup_errors=True) as scratch:
        mirror = Mirror(shared, Path(scratch) / SCRATCH, kit.below)
        here = _moved(job, root, mirror.root)
        Path(here.folder).mkdir(parents=True)
        courier = Courier(mirror)
        courier.fetch(here)
        seat = _seats.sit(kit, code)
        _seats.said = lambda number, words: line.add(said=[number, words])
        try:
            seat.give(here)
            _follow(seat, courier, line)
        finally:
            _seats.rise(keep=seat.job is None and not kit.gpus)


def _follow(seat: Seat, courier: Courier, line: _Line) -> None:
    """Pass on what happens, each when its files are in the shared folder."""
    cancelled = False
    while seat.job is not None:
        wait(seat.sources, timeout=LOOK)
        for event in seat.heard():
            for told in courier.heard(event):
                line.add(**_word(told))
        for told in courier.look():
            line.add(**_word(told))
        if line.say() and not cancelled and seat.job is not None:
            cancelled = True
            seat.cancel()


def _word(event: EngineEvent) -> dict[str, Any]:
    match event:
        case Begun(_, at, step, basis):
            return {"begun": [at, step, basis]}
        case Reported(_, step, metrics):
            return {"reported": [step, to_json(metrics)]}
        case Over(_, outcome):
            return {"over": outcome.record()}


class _Seats:
    """The one seat of this process, warm from one job to the next that is handed the same.

    said: hears of each line that is printed, with the trial
    """

    def __init__(self) -> None:
        self.said: Any = lambda number, line: None
        self._seat: Seat | None = None
        self._for: Any = None

    def sit(self, kit: Kit, code: CodePack) -> Seat:
        """A seat with a worker. Raises SearchError."""
        handed = _handed(kit, code)
        if self._seat is None or self._for != (handed, kit.limits):
            self.rise(keep=False)
            self._seat = Seat(handed.place, kit.limits, lambda *words: self.said(*words))
            self._for = handed, kit.limits
        if self._seat.empty:
            self._seat.hire(handed)
        return self._seat

    def rise(self, *, keep: bool) -> None:
        """Leave it. keep: whether its worker stays for the next job.

        On a GPU it does not: what an idle process holds of its memory, another job may need.
        """
        if self._seat is not None and not keep:
            self._seat.leave(at_once=True)
            self._seat.left(GRACE)
            self._seat = self._for = None


_seats = _Seats()
# before multiprocessing waits for its children, which wait for their parent
atexit.register(lambda: _seats.rise(keep=False))


def _handed(kit: Kit, code: CodePack) -> Handed:
    moved = Travelled(unpacked(f"code-{code.digest}", code.unpack))
    return Handed(
        place=MachineShare(kit.threads, os.environ.get("CUDA_VISIBLE_DEVICES") if kit.gpus else ""),
        evaluate=kit.evaluate,
        data=kit.read_data(),
        memory=kit.memory,
        lock=str(node_folder() / "workers.lock"),
        start_method=kit.start_method,
        code=moved,
        looked_in=tuple(str(moved.here(Path(one))) for one in code.looked_in),
        folder=code.folder,
    )


def _moved(job: Job, root: Path, scratch: Path) -> Job:
    """A job whose files lie in a scratch folder as they would in the run directory."""

    def there(path: str | None) -> str | None:
        return None if path is None else str(scratch / Path(path).relative_to(root))

    inherits = job.inherits
    return dataclasses.replace(
        job,
        folder=str(there(job.folder)),
        checkpoint=there(job.checkpoint),
        trunk=there(job.trunk),
        inherits=None if inherits is None else (inherits[0], str(there(inherits[1]))),
    )


def _node_id() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())


def _here() -> str:
    """The address of this node, as its cluster knows it."""
    import ray

    found: str = ray.util.get_node_ip_address()
    return found


def _refuse_another_version(kit: Kit) -> None:
    if kit.version != VERSION:
        raise SearchError(
            f"search.engine: node {_here()} has archdsl {VERSION}, and the search runs "
            f"{kit.version}.  pip install archdsl=={kit.version} there"
        )


def _refuse_what_is_missing(code: CodePack) -> None:
    for path in code.data:
        if not Path(path).exists():
            raise SearchError(
                f"search.proxy.data: node {_here()} has no {path}.  every node reads it under that "
                "path: put it there, or on a file system that all of them have"
            )
