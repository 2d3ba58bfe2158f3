"""The study beside the record as Optuna keeps one: its samplers' plots, dashboard, importance.

One line for each trial that is over. Nothing of ours reads it: where it is missing or behind,
what is missing is added from the record, and what follows damage is written anew. So no line
waits for the disk, and no trial of it is kept in memory, where Optuna's own storage keeps each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
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
                self._write(self._study)
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
            self._write(journal.lines[-1])

    def _write(self, said: dict[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(_line(said))

    def _agreeing(self, trials: Sequence[Trial]) -> tuple[int, int]:
        """How many of the trials, from the first, the file has as they are, and in how many bytes.

        0 bytes for a file that is none or of another study.
        """
        if not self._path.is_file():
            return 0, 0
        with files.opened(self._path) as file:
            line = file.readline()
            if line != _line(self._study):
                return 0, 0
            kept, size = 0, len(line)
            for trial, line in zip(trials, file, strict=False):
                if not _is_of(line, trial):
                    break
                kept, size = kept + 1, size + len(line)
        return kept, size


def _line(said: dict[str, Any]) -> bytes:
    """A line of Optuna's journal. It names its own checksum as the worker that wrote it.

    So damage is found without asking Optuna, to which a worker is any text.
    """
    rest = {name: value for name, value in said.items() if name != _WORKER}
    return _signed(json.dumps(rest, separators=(",", ":")).encode())


_WORKER = "worker_id"


def _signed(body: bytes) -> bytes:
    digest = hashlib.blake2b(body, digest_size=8).hexdigest()
    return body[:-1] + f',"{_WORKER}":"{digest}"}}\n'.encode()


def _is_of(line: bytes, trial: Trial) -> bool:
    """Whether a line is that of a trial, as it was written."""
    body = line.rpartition(f',"{_WORKER}":'.encode())[0] + b"}"
    if line != _signed(body):
        return False
    said = json.loads(body).get("user_attrs", {})
    return bool(said.get("trial") == trial.number and said.get("network") == trial.network)


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
