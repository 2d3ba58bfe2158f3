"""Hands jobs out as tasks of a Ray cluster, and hears of them through an actor beside the driver.

A task is tried once: Ray would do it again in silence. What becomes of it follows here, by what it
said and by how it ended, and its training goes on from the state in the shared folder.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from archdsl.errors import SearchError
from archdsl.language.settings import EngineSettings
from archdsl.study.engines.courier import Courier
from archdsl.study.engines.engine import Hear
from archdsl.study.engines.handed import SharedData, sent
from archdsl.study.engines.job import Begun, Job, Outcome, Over, Reported, outcome
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.ray import cluster
from archdsl.study.engines.ray.code_pack import CodePack
from archdsl.study.engines.ray.kit import Kit, arrays_of
from archdsl.study.engines.ray.post import Letter, Post
from archdsl.study.engines.ray.task import do
from archdsl.study.engines.seat import Limits
from archdsl.study.engines.work import Evaluate
from archdsl.study.identity.setup import versions
from archdsl.study.trial import Fault, from_json
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.training.prepare import Prepared

LOOK = 0.5
"""Seconds between two looks at the tasks while nothing is heard."""

DOUBT = 30.0
"""Seconds in which a cluster finds out that a node is gone whose process has ended."""


@dataclass(slots=True)
class _Attempt:
    """A job that was handed out as a task.

    node, address: where it runs, once it has said so; doubt: until when its end is not explained
    """

    job: Job
    task: Any
    node: str | None = None
    address: str | None = None
    doubt: float | None = None


class RayEngine:
    """Runs jobs on the nodes of a Ray cluster.

    settings: what a job takes, and where the cluster is; workers: how many run at once
    per_gpu: how many share a GPU; memory, limits: as a worker's
    evaluate: judges candidates, or None for proxy training
    prepared: called before the first job, for the data of the proxy if they are read
    packed: the code that the members of a space are judged with, by its text and folder
    mirror: of the run directory in the shared folder; data: a folder for large arrays
    said: told of every line that a worker prints, with the trial that it is at
    notice: told once of what is to be known
    Raises SearchError without Ray, and for an `evaluate` that cannot be sent.
    """

    def __init__(
        self,
        settings: EngineSettings,
        workers: int,
        per_gpu: int,
        memory: int | None,
        limits: Limits,
        evaluate: Evaluate | None,
        prepared: Callable[[], Prepared | None],
        packed: Callable[[str, str], CodePack],
        mirror: Mirror,
        data: Path,
        said: Callable[[int | None, str], None],
        notice: Callable[[str], None],
    ) -> None:
        cluster.refuse_without_ray()
        self.capacity = workers
        self.threads: int | None = settings.num_cpus
        self._settings, self._per_gpu = settings, per_gpu
        self._memory, self._limits = memory, limits
        self._evaluate = None if evaluate is None else sent(evaluate)
        self._prepared, self._packed, self._data = prepared, packed, data
        self._mirror, self._courier = mirror, Courier(mirror)
        self._said, self._notice = said, notice
        self._gpus, self._joined, self._count = 0.0, False, 0
        self._kit: Any = None
        self._codes: dict[tuple[str, str], Any] = {}
        self._post: Any = None
        self._attempts: dict[int, _Attempt] = {}
        self._known: set[str] = set()

    def submit(self, job: Job) -> None:
        """Hand a job out, with what it goes on from. Raises SearchError."""
        import ray

        self._courier.send(job)
        base = str(Path(job.base).resolve())
        with _in_words():
            task = (
                ray.remote(do)
                .options(
                    num_cpus=self._settings.num_cpus, num_gpus=self._gpus, max_retries=0,
                    name=f"archdsl {job.training.purpose} {job.trial}",
                )
                .remote(
                    self._handed(), self._code(job), replace(job, base=base).record(),
                    str(self._mirror.root), self._count, self._post,
                )
            )  # fmt: skip
        self._attempts[self._count] = _Attempt(job, task)
        self._count += 1

    def events(self, hear: Hear) -> None:
        """Hand over what happens, until a job is over. Raises SearchError."""
        over = False
        while not over and self._attempts:
            with _in_words():
                letters = self._letters(LOOK)
                ended = self._ended()
                if ended:  # what they said before they ended is there by now
                    letters += self._letters(0.0)
            for letter in letters:
                over = self._heard(letter, hear) or over
            for number in ended:
                over = self._lost(number, hear) or over

    def cancel(self, trial: int) -> None:
        """Let a trial's job end after its epoch."""
        for number, attempt in self._attempts.items():
            if attempt.job.trial == trial:
                self._post.cancel.remote(number)

    def __enter__(self) -> Self:
        """Join the cluster. Raises SearchError where there is none, or no room in it."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._joined = cluster.join(self._settings.address)
        try:
            self._gpus = cluster.gpus_of_a_job(self._settings.num_gpus, self._per_gpu)
            note = cluster.refuse_without_room(self._settings.num_cpus, self._gpus, self.capacity)
            if note is not None:
                self._notice(note)
            here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), False)
            self._post = (
                ray.remote(Post)
                .options(num_cpus=0, scheduling_strategy=here, max_concurrency=1_000)
                .remote()
            )
        except BaseException:
            self._leave()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        """End what runs, and leave the cluster."""
        import ray

        for attempt in self._attempts.values():
            with contextlib.suppress(Exception):  # the cluster may be gone
                ray.cancel(attempt.task, force=True)
        self._attempts.clear()
        with contextlib.suppress(Exception):
            ray.kill(self._post)
        self._leave()

    def _leave(self) -> None:
        import ray

        self._kit, self._post = None, None
        self._codes.clear()
        if self._joined:
            ray.shutdown()
            self._joined = False

    def _handed(self) -> Any:
        """What every job needs, as the cluster holds it."""
        import ray

        if self._kit is None:
            shared = SharedData(self._data)
            prepared = self._prepared() if self._evaluate is None else None
            data = None if prepared is None else shared.of(prepared)
            self._kit = ray.put(
                Kit(
                    VERSION, versions(), self._evaluate, self._memory,
                    multiprocessing.get_start_method(allow_none=True), self._limits,
                    self._settings.num_cpus, self._gpus, data, self._mirror.shared.url,
                    self._mirror.below, arrays_of(data),
                )
            )  # fmt: skip
            shared.close()
        return self._kit

    def _code(self, job: Job) -> Any:
        """The code that a job runs, as the cluster holds it."""
        import ray

        of = job.space, job.base
        if of not in self._codes:
            self._codes[of] = ray.put(self._packed(*of))
        return self._codes[of]

    def _letters(self, seconds: float) -> list[Letter]:
        import ray

        found: list[Letter] = ray.get(self._post.letters.remote(seconds))
        return found

    def _ended(self) -> list[int]:
        """The attempts whose tasks have ended, by whatever."""
        import ray

        tasks = {one.task: number for number, one in self._attempts.items()}
        done, _ = ray.wait(list(tasks), num_returns=len(tasks), timeout=0)
        return [tasks[task] for task in done]

    def _heard(self, letter: Letter, hear: Hear) -> bool:
        """Take what an attempt says; whether it is over. Raises SearchError for what stops all."""
        number, said = letter
        attempt = self._attempts.get(number)
        if attempt is None:  # one that counts as lost, and was not
            return False
        job = attempt.job
        match said:
            case {"at": [node, address, theirs]}:
                attempt.node, attempt.address = node, address
                self._see(node, address, theirs)
            case {"notice": words}:
                self._notice(words)
            case {"said": [_, line]}:
                self._said(job.candidate, line)
            case {"unfit": words}:
                raise SearchError(words)
            case {"begun": [at, step, basis]}:
                hear(Begun(job, at, step, basis, attempt.address))
            case {"reported": [step, metrics]}:
                hear(Reported(job, step, from_json(metrics)))
            case {"over": record}:
                came = outcome(record)
                self._courier.collect(job, came)
                del self._attempts[number]
                hear(Over(job, came))
                return True
        return False

    def _see(self, node: str, address: str, theirs: dict[str, str]) -> None:
        """Say once of a node that its trials run on other versions."""
        if node in self._known:
            return
        self._known.add(node)
        ours = versions()
        others = [f"{name} {has} (here {ours.get(name)})" for name, has in theirs.items()
                  if has != ours.get(name)]  # fmt: skip
        if others:
            self._notice(
                f"search.engine: node {address} has {', '.join(others)}: figures of trials there "
                "may differ from those of the others"
            )

    def _lost(self, number: int, hear: Hear) -> bool:
        """Take the end of a task that has not said that its job is over; whether it is now."""
        attempt = self._attempts.get(number)
        if attempt is None:
            return False
        if attempt.doubt is None:
            gone = _node_is_gone(attempt.task)
            attempt.doubt = time.monotonic() + (0.0 if gone else DOUBT)
        else:
            gone = attempt.node is not None and not cluster.is_alive(attempt.node)
        if gone:
            return self._over(number, "lost", f"lost: {_its_node(attempt)} is gone", hear)
        if time.monotonic() < attempt.doubt:
            time.sleep(LOOK / 10)
            return False
        cause = f"killed: the process of Ray on {_its_node(attempt)} was ended from outside"
        return self._over(number, "killed", cause, hear)

    def _over(self, number: int, fault: Fault, cause: str, hear: Hear) -> bool:
        job, now = self._attempts.pop(number).job, time.time()
        hear(Over(job, Outcome("failed", cause=cause, fault=fault, begun=now, ended=now)))
        return True


def _its_node(attempt: _Attempt) -> str:
    return "its node" if attempt.address is None else f"node {attempt.address}"


def _node_is_gone(task: Any) -> bool:
    """Whether a task ended before its job because its node is gone, as far as is known.

    Raises SearchError for what is no fault of one process or node.
    """
    import ray
    from ray import exceptions

    try:
        ray.get(task)
    except (exceptions.NodeDiedError, exceptions.LocalRayletDiedError):
        return True
    except (exceptions.WorkerCrashedError, exceptions.OutOfMemoryError):
        return False
    except exceptions.RayError as error:
        raise SearchError(
            f"search.engine: a node cannot run jobs ({_first_line(error)}).  pip install "
            f"archdsl[ray]=={VERSION}  on every node, and the same command goes on"
        ) from error
    raise AssertionError("a task that comes to its end says so before")


@contextmanager
def _in_words() -> Iterator[None]:
    """Say of a cluster that is gone that it is. Raises SearchError."""
    from ray import exceptions

    try:
        yield
    except exceptions.RayError as error:
        raise SearchError(
            f"search.engine: the Ray cluster does not answer ({_first_line(error)}).  start it "
            "again, and the same command goes on"
        ) from None


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1 if "Traceback" in lines[0] else 0].rstrip(".") if lines else ""
