"""The trainings in full of a search's winner, as their own records tell of them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from archdsl.errors import SearchError
from archdsl.study.record import files

TRAININGS = "trainings.json"
"""In a run directory: where trainings of its winner lie, from there."""

JUDGED_BY = ("accuracy", "macro_accuracy", "loss")
"""Metrics of a training by which its epochs are compared, the first that it logs."""

TRAIN, PAGE = "train.json", "train.html"
"""In the folder of a training: its record, and its page."""


@dataclass(frozen=True, slots=True)
class TrainedInFull:
    """A training of the winner, as it stands in its folder.

    folder: from the run directory; page: whether it has one
    trial: that was the winner when it began; stand: what became of it
    epochs: that are behind it, and all; metric, value: what its best epoch came to
    test: what the test split came to, if it was looked at
    """

    folder: str
    page: bool
    trial: int | None
    stand: str
    epochs: tuple[int, int]
    metric: str | None
    value: float | None
    test: dict[str, Any] | None

    @property
    def address(self) -> str:
        """Of its page, from the search's."""
        return quote(os.fsencode(f"{self.folder}/{PAGE}"))


def note_training(run: Path, folder: Path) -> None:
    """Note in a run directory that its winner was trained in a folder. Raises SearchError."""
    said = os.path.relpath(folder.absolute(), run.absolute())
    known = _noted(run)
    if said not in known:
        files.write_text(run / TRAININGS, json.dumps([*known, said], indent=2) + "\n")


def trainings(run: Path) -> list[TrainedInFull]:
    """Those that are noted in a run directory and are still there."""
    found = (_read(run, folder) for folder in _noted(run))
    return [one for one in found if one is not None]


def _noted(run: Path) -> list[str]:
    try:
        said = json.loads(files.read_bytes(run / TRAININGS))
    except (SearchError, ValueError, RecursionError):
        return []
    return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []


def _read(run: Path, folder: str) -> TrainedInFull | None:
    """What train.json says; None where it is gone, or says nothing of the kind."""
    where = run / folder
    try:
        said = json.loads(files.read_bytes(where / TRAIN))
        best = said["best"]
        metrics = {} if best is None else best["metrics"]
        name = next((n for n in JUDGED_BY if n in metrics), None)
        return TrainedInFull(
            folder,
            (where / PAGE).is_file(),
            None if said["run"] is None else said["run"]["trial"],
            str(said["stand"]),
            (len(said["epochs"]), int(said["recipe"]["epochs"])),
            name,
            None if name is None else float(metrics[name]),
            said["test"],
        )
    except (SearchError, ValueError, KeyError, TypeError, RecursionError):
        return None
