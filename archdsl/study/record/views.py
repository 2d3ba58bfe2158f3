"""What lies beside the record for people and programs. It is written from the state; an answer
of archdsl never depends on it, and where it is missing it is written again.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from archdsl.study.record import files
from archdsl.study.record.events import Training
from archdsl.study.record.lines import FORMAT
from archdsl.study.record.rounds import SplitLook, is_final
from archdsl.study.record.state import State
from archdsl.study.trial import Trial, to_json

RUN, TRIALS, TEST = "run.json", "trials.jsonl", "test.json"


def write_run(folder: Path, state: State) -> None:
    """run.json: what is searched and how, on what, and how much of the space fits."""
    created = state.created
    assert created is not None, "a state begins with how the study was created"
    said = {
        "format": FORMAT,
        "name": created.name,
        "survey": created.survey,
        "setup": created.setup,
        "sessions": [
            {"begun": one.begun, "first_trial": one.first_trial, "workers": one.workers,
             "versions": one.versions, "machine": one.machine}
            for one in state.sessions
        ],
    }  # fmt: skip
    if state.evidence is not None:
        said["evidence"] = state.evidence
    if state.data is not None:
        data = state.data
        said["data"] = dataclasses.asdict(data)
    text = json.dumps(said, indent=2, allow_nan=False) + "\n"
    write_if_other(folder / RUN, text)


def write_trials(folder: Path, trials: Iterable[Trial]) -> None:
    """trials.jsonl: a line for each trial that is over.

    What is there already stays; it is followed by what is missing, in the place of what differs.
    """
    path = folder / TRIALS
    rest: Iterator[bytes] = map(_line, trials)
    if not path.is_file():
        files.write_bytes(path, b"")
    size = 0
    with files.opened(path) as file:
        for line in rest:
            if file.read(len(line)) != line:
                rest = chain([line], rest)
                break
            size += len(line)
    files.cut(path, size)
    with files.writing(path), path.open("ab") as end:
        end.writelines(rest)


def add_trial(folder: Path, trial: Trial) -> None:
    """One more line for trials.jsonl."""
    path = folder / TRIALS
    with files.writing(path), path.open("ab") as file:
        file.write(_line(trial))


def write_looks(folder: Path, state: State) -> None:
    """test.json: a row for every look at the test split that there was."""
    if state.looks:
        looks = [_look(state, training, look) for training, look in state.looks.items()]
        write_if_other(folder / TEST, json.dumps(looks, indent=2, allow_nan=False) + "\n")
    else:
        with files.writing(folder / TEST):
            (folder / TEST).unlink(missing_ok=True)


def write_if_other(path: Path, text: str) -> bool:
    """Write a text where the file is not there or says something else; whether it was written."""
    content = text.encode("utf-8", "backslashreplace")
    with files.reading(path):
        if path.is_file() and path.read_bytes() == content:
            return False
    files.write_bytes(path, content)
    return True


def _look(state: State, training: Training, look: SplitLook) -> dict[str, Any]:
    """What was seen, and with the weights of which training."""
    trial: int | None = training.trial
    name: str | None = None
    if is_final(training):
        entrant = state.rounds.of(training).entrants[training.trial]
        trial, name = entrant.trial, entrant.name
    return {
        "trial": trial, "purpose": training.purpose, "name": name, "seed": training.seed,
        "metrics": to_json(look.metrics), "seen": look.seen,
    }  # fmt: skip


def _line(trial: Trial) -> bytes:
    return json.dumps(trial.record(), allow_nan=False).encode("ascii") + b"\n"
