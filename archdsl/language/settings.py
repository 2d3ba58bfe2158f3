"""What a spec's `search:` section says, with the defaults filled in. No torch in here."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from archdsl.amounts import Budget
from archdsl.components.component import Component
from archdsl.units import counted

OPTUNA = "optuna:"
"""What the name of one of Optuna's own samplers begins with."""

OPTUNA_SAMPLERS = (
    "TPESampler", "NSGAIISampler", "NSGAIIISampler", "GPSampler", "QMCSampler", "RandomSampler",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProxySettings:
    """How a candidate is trained to see what it is worth.

    data: a component of kind "data", or None where `datamodule` stands in for it
    folder: what relative paths of the data start from, and where classes of the user's own are
        looked for: the folder of the spec, unless it says another
    datamodule, module: "package.module:Class" of the user's own Lightning classes, or None;
        datamodule_options, module_options: their arguments, as they are written
    epochs, warmup: in epochs; batch: images per step; lr: the peak of the schedule
    schedule: how the rate falls, "cosine", or "wsd" for one that stays and falls at the end; that
        of a search that prunes is "wsd" unless it says another
    cooldown: the share of the epochs in which it falls then
    steps_per_epoch, validation_steps: how many batches an epoch and a validation take; None for
        all that there are
    validate_every: epochs from one validation to the next; there is one after the last, too
    size: height and width of training, or None for the spec's `input`
    inherit: whether a trial begins with the weights of the nearest that is over
    precision: "auto" is bf16 where the hardware has it, else 32
    """

    data: Component | None = None
    folder: Path = field(default_factory=Path)
    datamodule: str | None = None
    datamodule_options: dict[str, Any] = field(default_factory=dict)
    module: str | None = None
    module_options: dict[str, Any] = field(default_factory=dict)
    epochs: int = 10
    steps_per_epoch: int | None = None
    validation_steps: int | None = None
    validate_every: int = 1
    batch: int = 64
    schedule: Literal["cosine", "wsd"] = "cosine"
    cooldown: float = 0.2
    lr: float = 2e-3
    weight_decay: float = 0.05
    warmup: float = 1.0
    label_smoothing: float = 0.1
    size: int | None = None
    precision: Literal["auto", "32", "bf16", "16"] = "auto"
    inherit: bool = False


@dataclass(frozen=True, slots=True)
class Objective:
    """One thing to make large or small: a metric that the proxy logs, or a cost."""

    name: str
    direction: Literal["maximize", "minimize"]


@dataclass(frozen=True, slots=True)
class FinalSettings:
    """The final round: what is trained anew, from scratch, once the trials are done.

    keep: how many of the best trials; seeds: how often each is trained
    epochs: of each training; None for the proxy's
    asked: whether the spec says so, and not the default: a search with an `evaluate` of its own
        has a final round only then, and what was asked for is not made smaller
    """

    keep: int = 5
    seeds: int = 3
    epochs: int | None = None
    asked: bool = False


@dataclass(frozen=True, slots=True)
class PruneSettings:
    """Which trainings are put aside, and when.

    type: "asha", or "hyperband" for brackets of it that begin to compare on later and later rungs
    rungs: the epochs after which trials are compared, ascending, the last the whole training
    reduction: of so many on a rung one goes on
    score: a training is worth the mean of its last so many validations
    """

    type: Literal["asha", "hyperband"]
    rungs: tuple[int, ...]
    reduction: int = 3
    score: int = 3


SHARED_SCHEMES = {
    "file": "fsspec", "s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "abfs": "adlfs", "az": "adlfs",
}  # fmt: skip
"""How the URL of a shared folder begins -> the package that reaches it.

A file system on which a file can be moved in one step, and stores that have it whole or not at all.
"""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What runs the jobs of a search.

    type: "local" for processes of this machine, "ray" for those of a Ray cluster
    num_cpus: cores of a job there, and threads of torch
    num_gpus: GPUs of a job, or a share of one; None for what search.per_gpu says, where the
        cluster has GPUs
    address: of a cluster that runs, "auto" for the one of this machine; None for what Ray does by
        itself: it joins one that it finds here, and starts one otherwise
    """

    type: Literal["local", "ray"] = "local"
    num_cpus: int = 1
    num_gpus: float | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """The database that holds the record, for drivers on several machines.

    url: its address, without a password; study: the name there, None for that of the spec
    lease: seconds without a sign of life of a driver after which others go on with its trials
    """

    url: str
    study: str | None = None
    lease: float = 60.0


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """The `search:` section.

    objectives: one, or two for a Pareto search
    budget: what its costs may be; the low end is 0 for "at most"
    trials: the total number of trials of the study, also after a resume
    sampler: "gp", "tpe", "evolution", "random", "grid", or "optuna:" and the name of one of
        Optuna's
    sampler_options: those of Optuna's, by name
    measure: what random means: every decision uniform in its turn, or every member alike
    random_share: of the trials, how many are drawn at random whatever the sampler has learnt
    engine: what runs them; shared: the URL of a folder that every machine reaches, or None
    workers: processes that judge candidates; per_gpu: how many of them share a GPU
    memory: bytes that each of them may take, or None; trial_timeout: seconds of a trial, or None
    prune: which trainings are put aside, or None where each is trained to its end
    disk: bytes that the checkpoints of those, and weights that others begin with, may take, or None
    final: the final round, or None for a search that ends with its trials
    baselines: specs that are trained beside the best in it, as they are written
    storage: the database that holds the record, or None for the run directory
    """

    objectives: tuple[Objective, ...] = (Objective("accuracy", "maximize"),)
    budget: Budget = field(default_factory=Budget)
    trials: int = 50
    sampler: str = "gp"
    sampler_options: dict[str, bool | int | float | str | None] = field(default_factory=dict)
    measure: Literal["stagewise", "uniform"] = "stagewise"
    random_share: float = 0.0
    seed: int = 0
    engine: EngineSettings = field(default_factory=EngineSettings)
    shared: str | None = None
    workers: int = 1
    per_gpu: int = 1
    memory: int | None = None
    trial_timeout: float | None = None
    prune: PruneSettings | None = None
    disk: int | None = None
    final: FinalSettings | None = field(default_factory=FinalSettings)
    baselines: tuple[str, ...] = ()
    storage: StorageSettings | None = None
    proxy: ProxySettings = field(default_factory=ProxySettings)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is as it was asked for, and hardly as it was meant; one line each."""
        found = list[str]()
        if self.workers > self.trials:
            idle, trials = self.workers - self.trials, counted(self.trials, "trial")
            found.append(
                f"search.workers: {self.workers:,} workers for {trials}, {idle:,} of them with no "
                "trial to judge"
            )
        if self.disk is not None and self.prune is None and not self.proxy.inherit:
            found.append(
                "search.disk: it bounds the checkpoints of paused trials, and without "
                "search.prune none is paused"
            )
        return tuple(found)
