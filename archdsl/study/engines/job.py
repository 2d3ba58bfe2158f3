"""What an engine is given and what it reports: plain data, whole without the driver's objects."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from archdsl.study.record.events import Training
from archdsl.study.record.rounds import of_a_round
from archdsl.study.trial import Fault, Metrics, from_json, to_json

Task: TypeAlias = Literal["judge", "look", "score"]


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of work.

    task: "judge" a candidate, "look" at the test split with the weights in its folder, or "score"
        it untrained
    training: the key of the training; its seed is for all that is random in the work
    space: the space as YAML; base: the folder that its relative paths start from
    decisions: address -> answer: the member of the space
    schedule: a recipe as plain values, for a training; None where `evaluate` judges
    metric: what a bare number that is reported or returned is called
    folder: the trial's own; checkpoint: a file in it to go on from, and to leave the state in
    step: the last that is on record of a training that goes on; None where it is afresh
    accumulate: micro-batches that a batch is trained in
    until: the epochs after which it is put aside; None where it goes to its end
    trunk: a checkpoint that it branches off from, unless it has one of its own; its epochs are on
        record already, and are not reported
    inherits: the answers of another member, and the file of its weights, which the training begins
        with as far as the networks are alike
    of: in a round the trial that its network is of, None for a baseline
    """

    task: Task
    training: Training
    space: str
    base: str
    decisions: dict[str, Any]
    schedule: dict[str, Any] | None
    metric: str
    folder: str
    checkpoint: str | None = None
    step: float | None = None
    accumulate: int = 1
    of: int | None = None
    until: int | None = None
    trunk: str | None = None
    inherits: tuple[dict[str, Any], str] | None = None

    @property
    def trial(self) -> int:
        """The number of its trial, in a round that of the entrant."""
        return self.training.trial

    @property
    def candidate(self) -> int | None:
        """The number of the trial that its network is of; None for a baseline."""
        return self.of if of_a_round(self.training) else self.training.trial

    def record(self) -> dict[str, Any]:
        """The job as values that JSON can hold."""
        return dataclasses.asdict(self) | {"training": list(self.training)}


def job(record: Mapping[str, Any]) -> Job:
    """The job that `record()` gave."""
    return Job(**{**record, "training": Training(*record["training"])})


@dataclass(frozen=True, slots=True)
class Begun:
    """A job runs. at: seconds since 1970; step: what it goes on from, None where it is afresh.

    basis: what `identity.setup.basis` is where it runs, if that is another process
    node: the address of its machine, where an engine has several
    """

    job: Job
    at: float
    step: float | None = None
    basis: dict[str, str] | None = None
    node: str | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """A job has trained one more epoch, or whatever `step` counts."""

    job: Job
    step: float
    metrics: Metrics


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a job.

    state: "cancelled" is one that was stopped before its end
    metrics: of the last epoch, or what `evaluate` returned
    cause, trace: why it failed, in words, and where, for a fault of the code that ran
    fault: of which kind the failure was
    seen: of a look, what was told of images one by one, as `Looked` has it
    begun, ended: seconds since 1970; seconds: how long it took
    """

    state: Literal["complete", "failed", "cancelled"]
    metrics: Metrics = field(default_factory=dict)
    cause: str | None = None
    trace: str | None = None
    fault: Fault | None = None
    seen: dict[str, Any] | None = None
    begun: float = 0.0
    ended: float = 0.0
    seconds: float = 0.0

    def record(self) -> dict[str, Any]:
        """The outcome as values that JSON can hold."""
        return dataclasses.asdict(self) | {"metrics": to_json(self.metrics)}


def outcome(record: Mapping[str, Any]) -> Outcome:
    """The outcome that `record()` gave."""
    return Outcome(**{**record, "metrics": from_json(record["metrics"])})


@dataclass(frozen=True, slots=True)
class Over:
    """A job is over."""

    job: Job
    outcome: Outcome


EngineEvent: TypeAlias = Begun | Reported | Over
