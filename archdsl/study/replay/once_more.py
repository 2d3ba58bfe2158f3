"""One training once more, part for part as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl import threads
from archdsl.errors import SearchError
from archdsl.study.candidate import WEIGHTS
from archdsl.study.engines.inline import Inline
from archdsl.study.engines.job import Begun, EngineEvent, Job, Outcome, Over, Reported
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.engines.work import Work
from archdsl.study.phases.jobs import Jobs
from archdsl.study.record.folder import folder_of_trial
from archdsl.study.replay.place import threads_of
from archdsl.study.replay.trainings import Recorded, TrainedPart

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.final.entrants import Entrant
    from archdsl.study.record.events import Training
    from archdsl.study.record.state import State
    from archdsl.study.trial import Metrics

Told: TypeAlias = Callable[[float, float, "Metrics"], None]
"""Hears of each epoch: its step, the last step, and its metrics."""


@dataclass(frozen=True, slots=True)
class _TemporaryFolders:
    """Where the jobs of a replay leave what they have."""

    root: Path
    run: Path

    def weights_of(self, number: int) -> Path:
        """Of the run: a training may have begun with those of another."""
        return folder_of_trial(self.run, number) / WEIGHTS

    def folder_of(self, number: int) -> Path:
        return self.root / "training"

    def folder_of_final(self, entrant: Entrant, training: Training) -> Path:
        return self.root / "training"

    def begin_folder(self, folder: Path) -> Path:
        folder.mkdir(parents=True)
        return folder

    def has(self, path: Path) -> bool:
        return path.is_file()


class OnceMore:
    """One training, part for part as it was.

    where: a temporary folder that it may write to; run: the run directory, which it reads
    one_thread: whether it is so small that it always has one of torch's threads
    """

    def __init__(
        self,
        state: State,
        found: Recorded,
        space: Space,
        work: Work,
        training: ProxyTraining,
        where: Path,
        run: Path,
    ) -> None:
        self._state, self._found, self._work = state, found, work
        settings, schedule = space.spec.settings(), training.recipe.record()
        jobs = Jobs(space, settings, _TemporaryFolders(where, run), schedule)
        if found.entrant is None:
            job = jobs.judged(found.training, None, state)
        else:
            final = state.rounds.of(found.training)
            job = jobs.final(found.entrant, found.training, final.begun.epochs, state)
        # one that branched off is a training of its own length from its first epoch on
        whole = found.training._replace(branch=0)
        self._job = replace(job, training=whole, trunk=None)
        self.one_thread = self._macs() * training.recipe.batch < threads.SMALL

    def _macs(self) -> int:
        if self._found.entrant is not None:
            return self._found.entrant.costs["macs"]
        return self._state.trials[self._found.training.trial].costs["macs"]

    def train(self, folder: Path, told: Told) -> tuple[dict[str, Any], ...]:
        """Its epochs. Raises SearchError where it fails this time."""
        epochs: list[dict[str, Any]] = []
        last = self._found.last
        with Inline(self._work) as engine:
            for part in self._parts():
                heard = _Heard(engine, part, epochs, lambda step, seen: told(step, last, seen))
                with _threads(threads_of(self._state, part.session)):
                    engine.submit(self._of(part))
                    engine.events(heard)
                if heard.outcome is not None and heard.outcome.state == "failed":
                    trace = "".join(
                        f"\n  {line}" for line in (heard.outcome.trace or "").splitlines()[-1:]
                    )
                    raise SearchError(
                        f"{folder}: {self._found.name} was trained on record, and failed this time:"
                        f" {heard.outcome.cause}{trace}"
                    )
        return tuple(epochs)

    def _of(self, part: TrainedPart) -> Job:
        return replace(self._job, step=part.begins, accumulate=part.accumulate)

    def _parts(self) -> list[TrainedPart]:
        """Those that differ in how they were trained: a break between equal ones changes nothing.

        A training that never began anew on record is one part.
        """
        found: list[TrainedPart] = []
        for part in self._found.parts or (TrainedPart(None, None, self._found.last, 1),):
            before = found[-1] if found else None
            if before is not None and self._alike(before, part):
                found[-1] = replace(before, ends=part.ends)
            else:
                found.append(part)
        return found

    def _alike(self, one: TrainedPart, other: TrainedPart) -> bool:
        had, has = (threads_of(self._state, part.session) for part in (one, other))
        return one.accumulate == other.accumulate and (self.one_thread or had == has)


class _Heard:
    """Takes what an engine says of a part, and ends it where it ended on record."""

    def __init__(
        self,
        engine: Inline,
        part: TrainedPart,
        epochs: list[dict[str, Any]],
        told: Callable[[float, Metrics], None],
    ) -> None:
        self._engine, self._part, self._epochs, self._told = engine, part, epochs, told
        self.outcome: Outcome | None = None

    def __call__(self, event: EngineEvent) -> None:
        match event:
            case Reported(job, step, metrics):
                self._epochs.append({"step": step, **metrics})
                self._told(step, metrics)
                if step >= self._part.ends:
                    self._engine.cancel(job.trial)
            case Over(_, outcome):
                self.outcome = outcome
            case Begun():
                pass


@contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """So many of torch's threads, or as many as there are."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
