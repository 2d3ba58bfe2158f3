"""Jobs from trials: all that an engine has to know of one, as plain data."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study.candidate import BRANCH, CHECKPOINT
from archdsl.study.engines.job import Job, Task
from archdsl.study.objectives import first_metric
from archdsl.study.record.events import Training
from archdsl.study.record.rounds import is_final

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.final.entrants import Entrant
    from archdsl.study.record.state import State


class Folders(Protocol):
    """Where trainings leave what they have: a run directory, or a place that is like one."""

    def folder_of(self, number: int) -> Path:
        """A trial's own folder."""

    def folder_of_final(self, entrant: Entrant, training: Training) -> Path:
        """The folder of one training of a round, final or of a proxy check."""

    def begin_folder(self, folder: Path) -> Path:
        """A folder of a training, empty."""

    def weights_of(self, number: int) -> Path:
        """Where the weights of a trial are kept, if they are."""

    def has(self, path: Path) -> bool:
        """Whether what a training left is there."""


class Jobs:
    """Makes the jobs of a search. schedule: a recipe as plain values; None for an `evaluate`."""

    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        run: Folders,
        schedule: dict[str, Any] | None,
    ) -> None:
        self._text = space.spec.dump()
        self._base = str(Path(space.spec.folder).absolute())
        self._settings, self._run, self._schedule = settings, run, schedule

    def go_on(self, trial: int, state: State) -> Job:
        """The job of judging a candidate, on from the last epoch that it left behind, if any.

        Where its schedule forks, it is compared by what a branch of as many epochs comes to: the
        trunk goes to where the branch leaves it, and then the branch to its end.
        """
        training, until = self.training(trial), state.rungs.until(trial)
        if until is None or self._schedule is None or until == self._schedule["epochs"]:
            return self.judged(training, None, state)
        fork = self.fork(until)
        if fork is None:
            return self.judged(training, until, state)
        if len(state.trainings.get(training, ())) < fork:
            return self.judged(training, fork, state)
        return self.judged(training._replace(branch=until), until, state)

    def judged(self, training: Training, until: int | None, state: State) -> Job:
        """The job of one training of a trial, on from its last epoch. until: as `Job` has it"""
        trial = training.trial
        folder = trunk = self._run.folder_of(trial)
        if training.branch:
            folder = trunk / BRANCH
        job = self._job("judge", training, state.trials[trial].decisions, folder)
        if training.branch:
            schedule = _branching(self._schedule or {}, training.branch)
            job = replace(job, schedule=schedule, trunk=str(trunk / CHECKPOINT))
        source = state.trials[trial].inherits
        if source is not None:
            weights = str(self._run.weights_of(source))
            job = replace(job, inherits=(state.trials[source].decisions, weights))
        return self._gone_on(replace(job, until=until), state)

    def fork(self, until: int) -> int | None:
        """The epochs after which a branch leaves its trunk that ends after `until`.

        None where a schedule has no branches: with a constant rate it can be cut anywhere.
        """
        from archdsl.training.recipe import Recipe

        if self._schedule is None or self._schedule["schedule"] != "wsd":
            return None
        return Recipe.from_record(_branching(self._schedule, until)).falls_after

    def final(self, entrant: Entrant, training: Training, epochs: int, state: State) -> Job:
        """The job of training an entrant of a round, on from its last epoch if any is left.

        epochs: of the whole training
        """
        job = self._of(entrant, training, self._run.folder_of_final(entrant, training))
        if self._schedule is not None:
            job = replace(job, schedule=_lasting(self._schedule, epochs))
        return self._gone_on(job, state)

    def score(self, entrant: Entrant, training: Training) -> Job:
        """The job of scoring an entrant before it is trained."""
        folder = self._run.begin_folder(self._run.folder_of_final(entrant, training))
        return replace(self._of(entrant, training, folder), task="score", checkpoint=None)

    def _gone_on(self, job: Job, state: State) -> Job:
        """A job that goes on from the checkpoint in its folder; afresh, in an empty one, else."""
        training, folder = job.training, Path(job.folder)
        parts = [one[-1].accumulate for key in (training, training._replace(branch=0))
                 if (one := state.retries.get(key))]  # fmt: skip
        if parts:
            job = replace(job, accumulate=max(parts))
        left = training in state.trainings and self._run.has(folder / CHECKPOINT)
        if self._schedule is None or not left:
            self._refuse_lost(job, state)
            self._run.begin_folder(folder)
            return job
        steps = [one["step"] for one in state.trainings[training]]
        return replace(job, step=steps[-1] if steps else None)

    def look(self, training: Training, state: State) -> Job:
        """The job of looking at the test split with the weights that a training left."""
        if not is_final(training):
            trial = training.trial
            decisions = state.trials[trial].decisions
            return self._job("look", training, decisions, self._run.folder_of(trial))
        entrant = state.rounds.of(training).entrants[training.trial]
        job = self._of(entrant, training, self._run.folder_of_final(entrant, training))
        return replace(job, task="look", checkpoint=None)

    def _of(self, entrant: Entrant, training: Training, folder: Path) -> Job:
        job = replace(self._job("judge", training, entrant.decisions, folder), of=entrant.trial)
        if entrant.space is None or entrant.base is None:
            return job
        return replace(job, space=entrant.space, base=entrant.base)

    def _job(self, task: Task, training: Training, decisions: dict[str, Any], folder: Path) -> Job:
        return Job(
            task=task,
            training=training,
            space=self._text,
            base=self._base,
            decisions=dict(decisions),
            schedule=self._schedule,
            metric=first_metric(self._settings.objectives),
            folder=str(folder),
            checkpoint=str(folder / CHECKPOINT) if task == "judge" and self._schedule else None,
        )

    def _refuse_lost(self, job: Job, state: State) -> None:
        """Raise SearchError where the weights are gone that a training is to begin with."""
        if job.inherits is not None and not self._run.has(Path(job.inherits[1])):
            source = state.trials[job.trial].inherits
            raise SearchError(
                f"trial {job.trial} begins with the weights of trial {source}, and "
                f"{job.inherits[1]} is not there.  restore it from a copy"
            )

    def training(self, trial: int) -> Training:
        """The training of a trial that a search judges it by."""
        return Training(trial, "search", self._settings.seed, 0)


def _branching(schedule: dict[str, Any], epochs: int) -> dict[str, Any]:
    """The schedule of a branch that ends after so many epochs: its trunk is that of the whole."""
    every = min(schedule["validate_every"], epochs)
    return {**schedule, "epochs": epochs, "validate_every": every}


def _lasting(schedule: dict[str, Any], epochs: int) -> dict[str, Any]:
    """A schedule with so many epochs; what may be no longer than they last is cut."""
    cut = {name: min(schedule[name], epochs) for name in ("validate_every", "warmup")}
    return {**schedule, "epochs": epochs, **cut}
