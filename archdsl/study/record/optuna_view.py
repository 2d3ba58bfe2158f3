"""The study beside the record as Optuna keeps one: its samplers' plots, dashboard, importance.

One line for each trial that is over. Nothing of ours reads it: where it is missing or behind,
what is missing is added from the record, and what follows damage is written anew. So no line
waits for the disk, and no trial of it is kept in memory: Optuna's own study of 10,000 trials of
45 decisions takes 100 MB.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import BaseJournalBackend

from archdsl.language.settings import Objective
from archdsl.study.optuna_trials import frozen, intermediate, new_study
from archdsl.study.record import files
from archdsl.study.trial import Trial

if TYPE_CHECKING:
    from archdsl.spaces import Space


class OptunaView:
    """The study in a file. Whoever makes one holds the lock of the run.

    trials: those that are over, as they ended; the file is made to hold just these
    """

    def __init__(
        self,
        path: Path,
        name: str,
        objectives: Sequence[Objective],
        space: Space,
        trials: Sequence[Trial],
    ) -> None:
        self._path, self._name, self._objectives, self._space = path, name, objectives, space
        self._sampler = RandomSampler()
        said = _Journal()
        new_study(JournalStorage(said), name, objectives)
        self._study = said.lines[0]
        with files.writing(path):
            kept, size = self._agreeing(trials)
            if size:
                files.cut(path, size)
            else:
                path.unlink(missing_ok=True)
                self._write([self._study])
        for trial in islice(trials, kept, None):
            self.add(trial)

    def add(self, trial: Trial) -> None:
        """Take in a trial that is over."""
        journal = _Journal(self._study)
        study = optuna.load_study(
            study_name=self._name, storage=JournalStorage(journal), sampler=self._sampler
        )
        epochs = intermediate(trial, self._objectives)
        study.add_trial(frozen(trial, self._space, epochs=epochs))
        with files.writing(self._path):
            self._write(journal.lines[1:])

    def _write(self, lines: Iterable[dict[str, Any]]) -> None:
        with self._path.open("ab") as file:
            for line in lines:
                file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")

    def _agreeing(self, trials: Sequence[Trial]) -> tuple[int, int]:
        """How many of the trials, from the first, the file has as they are, and in how many bytes.

        0 bytes for a file that is none or of another study.
        """
        if not self._path.is_file():
            return 0, 0
        with files.opened(self._path) as file:
            line = file.readline()
            if {**_values(line), "worker_id": None} != {**self._study, "worker_id": None}:
                return 0, 0
            kept, size = 0, len(line)
            for trial, line in zip(trials, file, strict=False):
                if not _is_of(line, trial):
                    break
                kept, size = kept + 1, size + len(line)
        return kept, size


def _is_of(line: bytes, trial: Trial) -> bool:
    """Whether a line is that of a trial."""
    said = _values(line)
    try:
        values = said["values"] or [said["value"]]
        attributes = said["user_attrs"]
        return bool(
            attributes["trial"] == trial.number
            and attributes["network"] == trial.network
            and said["params"].keys() == said["distributions"].keys() == trial.decisions.keys()
            and values == list(trial.values or [None])
            and (said["op_code"], said["study_id"]) == (_CREATE_TRIAL, 0)
        )
    except (KeyError, TypeError, AttributeError):
        return False


_CREATE_TRIAL = 4  # Optuna keeps the name of it to itself


def _values(line: bytes) -> dict[str, Any]:
    """The object that a line ends with; an empty one for anything else."""
    try:
        found = json.loads(line) if line.endswith(b"\n") else None
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


class _Journal(BaseJournalBackend):
    """A journal in memory, for as long as Optuna takes to say what a line is."""

    def __init__(self, *lines: dict[str, Any]) -> None:
        self.lines = list(lines)

    def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
        """The lines from one on."""
        return iter(self.lines[log_number_from:])

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Take more lines."""
        self.lines += logs
