"""Where a training stands: from its record, while another process may be writing it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archdsl.errors import SearchError
from archdsl.full_training.record import TrainRecord, read_record
from archdsl.study.record.file_store import LOCK
from archdsl.study.record.lock import holder
from archdsl.study.report.trainings import TRAIN
from archdsl.units import counted


@dataclass(frozen=True, slots=True)
class TrainingStatus:
    """Where a training stands. by: the process that trains, in words; None where none does."""

    record: TrainRecord
    by: str | None

    def words(self) -> str:
        """How far it is, and who is at it."""
        record = self.record
        far = f"{len(record.epochs)} of {counted(record.total, 'epoch')}"
        if self.by is not None:
            return f"{far}, by {self.by}"
        if record.stand == "done":
            return f"{far}, done"
        why = f": {record.cause}" if record.stand == "failed" else ""
        return f"{far}; nobody is training, and the same command goes on with --resume{why}"

    def values(self) -> dict[str, Any]:
        """The status as values that JSON can hold."""
        said = self.record.record()
        return {
            "name": self.record.name,
            "running": self.by is not None,
            "by": self.by,
            "stand": self.record.stand,
            "cause": self.record.cause,
            "done": len(self.record.epochs),
            "epochs": self.record.total,
            "best": said["best"],
            "last": said["final"],
        }


def is_training(folder: Path) -> bool:
    """Whether a folder is that of a training."""
    return (folder / TRAIN).is_file()


def training_status(folder: Path) -> TrainingStatus:
    """Where the training in a folder stands. Raises SearchError where there is none."""
    record = read_record(folder)
    if record is None:
        raise SearchError(f"{folder} holds no training.  name its folder, as runs/NAME-train")
    return TrainingStatus(record, holder(folder.absolute() / LOCK))
