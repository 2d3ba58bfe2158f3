"""train.json: what is trained and how, and what it came to, epoch by epoch."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from archdsl.data.preprocessing import NotStated, Preprocessing
from archdsl.errors import SearchError
from archdsl.study.record import files
from archdsl.study.report.trainings import JUDGED_BY, TRAIN
from archdsl.study.trial import Metrics, from_json, to_json

FORMAT = 1

Stand: TypeAlias = Literal["running", "stopped", "failed", "done"]

_RISES = ("accuracy", "macro_accuracy")
"""Metrics of which more is better; of a loss less is."""


@dataclass(frozen=True, slots=True)
class EpochRecord:
    """One epoch, as it went.

    metrics: as the training logged them; seconds: of all of it, validation included
    speed: images per second of its steps; waited: the share of these in which data were waited for
    """

    metrics: Metrics
    seconds: float
    speed: float | None = None
    waited: float | None = None


@dataclass(slots=True)
class TrainRecord:
    """A training on record.

    spec: as YAML; recipe: every field by its name
    data: `source`, `words`, `counts`, `notes`, and `evidence`, by which other data are told
    beginning: the weights that it began with, None for drawn ones
    run: the search whose winner it is: `folder`, from here, `name` and `trial`
    costs: of the network, by name
    sessions: its starts, each with its time, versions, machine, devices and first epoch
    epochs: those that are behind it; stand: what became of it; cause: what broke it off
    test: what the best weights came to on the test split, once that was looked at
    looks: later looks at the test split, each with `time`, `weights` in words and `metrics`
    """

    name: str
    spec: str
    recipe: dict[str, Any]
    recipe_name: str | None
    seed: int
    data: dict[str, Any]
    preprocessing: dict[str, Any] | None
    costs: dict[str, int]
    beginning: dict[str, str] | None = None
    run: dict[str, Any] | None = None
    sessions: list[dict[str, Any]] = field(default_factory=list)
    epochs: list[EpochRecord] = field(default_factory=list)
    stand: Stand = "running"
    cause: str | None = None
    test: Metrics | None = None
    looks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """The epochs that it is to have."""
        return int(self.recipe["epochs"])

    @property
    def judged_by(self) -> str:
        """The metric by which epochs are compared."""
        logged = dict.fromkeys(name for one in self.epochs for name in one.metrics)
        for name in JUDGED_BY:
            if name in logged:
                return name
        return next((name for name in logged if name != "train_loss"), "train_loss")

    @property
    def best(self) -> int | None:
        """The epoch, from 0, with the best figure, the first of equal ones; None before any."""
        name = self.judged_by
        judged = [n for n, one in enumerate(self.epochs) if name in one.metrics]
        pick = max if name in _RISES else min
        return pick(judged, key=lambda n: self.epochs[n].metrics[name]) if judged else None

    @property
    def said(self) -> Preprocessing | None:
        """What was done to each image, where that is known."""
        return None if self.preprocessing is None else Preprocessing.from_record(self.preprocessing)

    def record(self) -> dict[str, Any]:
        """The record as JSON holds it, with what follows from it for whoever reads that."""
        plain: dict[str, Any] = {"format": FORMAT, **dataclasses.asdict(self)}
        plain["epochs"] = [
            {"epoch": number, **dataclasses.asdict(one), "metrics": to_json(one.metrics)}
            for number, one in enumerate(self.epochs, start=1)
        ]
        plain["test"] = None if self.test is None else to_json(self.test)
        best = self.best
        plain["best"] = None if best is None else plain["epochs"][best]
        plain["final"] = plain["epochs"][-1] if self.epochs else None
        return plain

    @classmethod
    def from_record(cls, plain: dict[str, Any]) -> Self:
        """The record that `record()` wrote. Raises KeyError, TypeError and NotStated."""
        known = {one.name for one in dataclasses.fields(cls)}
        given = {name: value for name, value in plain.items() if name in known}
        given["epochs"] = [
            EpochRecord(from_json(one["metrics"]), one["seconds"], one["speed"], one["waited"])
            for one in plain["epochs"]
        ]
        given["test"] = None if plain["test"] is None else from_json(plain["test"])
        found = cls(**given)
        assert found.total > 0 and (found.said is None or found.said.channels > 0)
        return found


def write_record(folder: Path, record: TrainRecord) -> None:
    """Write train.json in one step. Raises SearchError."""
    text = json.dumps(record.record(), indent=2, allow_nan=False) + "\n"
    files.write_text(folder / TRAIN, text)


def read_record(folder: Path) -> TrainRecord | None:
    """The record of the training in a folder; None where there is none.

    Raises SearchError for one that is not as it was written.
    """
    path = folder / TRAIN
    if not path.is_file():
        return None
    try:
        plain = json.loads(files.read_bytes(path))
        if plain["format"] != FORMAT:
            raise SearchError(
                f"{path} is of format {plain['format']}, and this archdsl reads {FORMAT}.  read it "
                "with the archdsl that wrote it"
            )
        return TrainRecord.from_record(plain)
    except (ValueError, KeyError, TypeError, AttributeError, NotStated, RecursionError) as error:
        raise SearchError(
            f"{path} is not as archdsl wrote it ({type(error).__name__}: {error}).  restore it "
            "from a copy, or choose another --out"
        ) from None
