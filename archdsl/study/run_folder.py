"""The run directory: the record of a search, written by one process, whole at any moment.

run.json         what is searched and how, versions, how much of the space fits
space.yaml       the space as it was searched, `--set` included; space.written.yaml the file
data.jsonl       what the trials train on: each image's split, label, size and digest
study.journal    the trials, as Optuna keeps them: the record itself
trials.jsonl     the same for people and programs, a line a trial
weights/         of the trials that are the best so far
test.json        what was seen in the test split, once the search was over
best.yaml best.py best.safetensors report.html
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study import files
from archdsl.study.candidate import WEIGHTS
from archdsl.study.carried import copy_imports, portable
from archdsl.study.evidence import (
    DATA,
    Evidence,
    read_evidence,
    refuse_edited,
    refuse_other_evidence,
    write_evidence,
)
from archdsl.study.journal import Journal
from archdsl.study.lock import locked
from archdsl.study.setup import machine, refuse_changes, versions
from archdsl.study.trial import Trial

if TYPE_CHECKING:
    from archdsl.data.source import SourceInfo
    from archdsl.spaces import Space
    from archdsl.study.survey import Survey

RUN, STUDY, TRIALS, TEST = "run.json", "study.journal", "trials.jsonl", "test.json"
SPACE, SPACE_WRITTEN, LOCK = "space.yaml", "space.written.yaml", "lock"
WEIGHTS_FOLDER, WORK_FOLDER = "weights", "work"

# What a search may have left behind before it wrote run.json.
_EARLY = {LOCK, SPACE, SPACE_WRITTEN, DATA, STUDY, WORK_FOLDER, WEIGHTS_FOLDER}


class RunFolder:
    """A run directory that this process holds. Made by `opened`."""

    def __init__(self, folder: Path, space: Space, journal: Journal) -> None:
        self.folder = folder
        self.space = space
        self.trials = journal.trials(space)
        self._journal = journal
        lines = "".join(_line(trial) for trial in self.trials)
        files.write_text(folder / TRIALS, lines)

    def work_folder(self) -> Path:
        """An empty folder for the trial that begins."""
        work = self.folder / WORK_FOLDER
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        return work

    def add(self, trial: Trial) -> None:
        """Put a finished trial on record, its weights first."""
        left = self.folder / WORK_FOLDER / WEIGHTS
        if left.is_file():
            files.move(left, self.weights_of(trial.number))
        self._journal.add(trial, self.space)
        self.trials.append(trial)
        with (self.folder / TRIALS).open("a", encoding="utf-8") as file:
            file.write(_line(trial))

    def weights_of(self, number: int) -> Path:
        """Where the weights of a trial are kept, if they are."""
        return self.folder / WEIGHTS_FOLDER / f"{number:05}.safetensors"

    def keep_weights(self, numbers: Iterable[int]) -> None:
        """Drop the weights of all other trials."""
        kept = {self.weights_of(number) for number in numbers}
        for path in (self.folder / WEIGHTS_FOLDER).iterdir():
            if path not in kept:
                path.unlink()

    def looks(self) -> dict[int, dict[str, float]]:
        """Trial number -> metrics on the test split, for every look there was."""
        path = self.folder / TEST
        if not path.exists():
            return {}
        return {int(k): v for k, v in json.loads(path.read_text(encoding="utf-8")).items()}

    def note_looks(self, looks: Mapping[int, Mapping[str, float]]) -> None:
        """Put the looks at the test split on record."""
        files.write_json(self.folder / TEST, {str(k): dict(v) for k, v in looks.items()})

    def hold_to(self, evidence: Evidence, words: str) -> None:
        """Put on record what the figures follow from; refuse to go on from anything else.

        As long as every trial has failed there is no figure, and what made them fail may be
        mended.
        words: what the data are, in words
        Raises SearchError, naming what differs.
        """
        run = self._run()
        if not self._figures():
            known = write_evidence(self.folder, evidence)
            files.write_json(self.folder / RUN, {**run, "evidence": known})
        elif "evidence" not in run:
            raise SearchError(
                f"{self.folder} holds a search of an earlier archdsl, which did not put on record "
                "what its data and its code were.  choose another --out; what it found stays"
            )
        else:
            before = read_evidence(self.folder, run["evidence"])
            words = run.get("data", {}).get("words", words)
            refuse_other_evidence(self.folder, words, before, evidence)
        refuse_edited(evidence)

    def note_data(self, info: SourceInfo) -> None:
        """Put on record what the trials train on, in words; once there are figures it stays."""
        run = self._run()
        data = {"words": info.words(), "counts": dict(info.counts), "notes": list(info.notes)}
        if run.get("data") != data and not (self._figures() and "data" in run):
            files.write_json(self.folder / RUN, {**run, "data": data})

    def _figures(self) -> bool:
        return any(trial.values is not None for trial in self.trials)

    def note_start(self, setup: Mapping[str, Any], *, trains: bool) -> None:
        """Put on record what this start runs on, where it trains, and how many trials it is to be.

        Nothing of that is refused: versions of libraries, threads and the device may change.
        """
        run = self._run()
        sessions = run["sessions"]
        if trains:
            begun = datetime.now(UTC).isoformat(timespec="seconds")
            here = {"versions": versions(), "machine": machine()}
            sessions = [*sessions, {"begun": begun, "first_trial": len(self.trials), **here}]
        if trains or run["setup"] != setup:
            files.write_json(self.folder / RUN, {**run, "setup": dict(setup), "sessions": sessions})

    def _run(self) -> dict[str, Any]:
        run = read_run(self.folder)
        assert run is not None, "run.json is written before anything else is"
        return run


def read_run(folder: Path) -> dict[str, Any] | None:
    """What run.json says, or None where no search has begun.

    Raises SearchError for a folder that holds something else.
    """
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise SearchError(f"{folder} is no folder.  choose another --out")
    path = folder / RUN
    if path.exists():
        try:
            run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise SearchError(
                f"{path} is damaged ({error}).  restore it from a copy, or choose another --out"
            ) from None
        return run
    strangers = sorted(
        item.name for item in folder.iterdir()
        if item.name not in _EARLY and not item.name.endswith(".tmp")
    )  # fmt: skip
    if strangers:
        raise SearchError(
            f"{folder} is not empty and holds no search ({strangers[0]} is there).  "
            "choose another --out"
        )
    return None


def same_run(folder: Path, setup: Mapping[str, Any]) -> dict[str, Any] | None:
    """What run.json says of this very search, or None where a search begins afresh.

    A changed search may take the place of one without a trial. Raises SearchError for one that
    has trials, naming what differs.
    """
    run = read_run(folder)
    if run is None:
        return None
    try:
        refuse_changes(folder, run["setup"], setup)
    except SearchError:
        if _has_trials(folder):
            raise
        return None
    return run


@contextmanager
def opened(
    folder: Path,
    space: Space,
    settings: SearchSettings,
    setup: Mapping[str, Any],
    survey: Survey,
) -> Iterator[RunFolder]:
    """Hold a run directory, made or mended as need be.

    Raises SearchError where another process holds it, or another search lies in it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / LOCK):
        files.drop_drafts(folder)
        for name in (WEIGHTS_FOLDER, WORK_FOLDER):
            (folder / name).mkdir(exist_ok=True)
        run = same_run(folder, setup)
        if run is None:
            (folder / STUDY).unlink(missing_ok=True)
            _write_space(folder, space)
            run = {"format": 1, "name": space.spec.name, "survey": survey.record(), "sessions": []}
            files.write_json(folder / RUN, {**run, "setup": dict(setup)})
        journal = Journal(folder / STUDY, space.spec.name, settings.objectives)
        yield RunFolder(folder, space, journal)
        shutil.rmtree(folder / WORK_FOLDER, ignore_errors=True)


def _has_trials(folder: Path) -> bool:
    path = folder / STUDY
    if not path.exists():
        return False
    with path.open("rb") as file:
        return sum(1 for _ in file) > 1  # the first line creates the study


def _write_space(folder: Path, space: Space) -> None:
    files.write_text(folder / SPACE, portable(space.spec.dump(), space))
    written = Path(space.spec.document.file)
    if written.is_file():
        files.copy(written, folder / SPACE_WRITTEN)
    copy_imports(space, folder)


def _line(trial: Trial) -> str:
    return json.dumps(trial.record(), ensure_ascii=False, allow_nan=False) + "\n"
