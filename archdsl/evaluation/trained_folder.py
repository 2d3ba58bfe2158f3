"""The folder of a full training: its record says which images, and is told of looks at the test.

Nobody picks an epoch by the test split. Whoever looks there and chooses by what they see has used
it up: so a look is on record before its figures are shown, and the training's page counts it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archdsl.errors import SearchError
from archdsl.full_training.folder import held
from archdsl.full_training.page import write_page
from archdsl.full_training.record import TrainRecord, read_record, write_record
from archdsl.full_training.status import is_training as is_training
from archdsl.study.trial import Metrics, to_json
from archdsl.study.winner import WEIGHTS as WEIGHTS
from archdsl.training.data_source import DataSource
from archdsl.units import counted

_CURE = "judge it with  --split val, which is no look at the test split"


def source_of(folder: Path) -> DataSource:
    """The images of a training, as its record has them.

    Raises SearchError for a record that cannot be read, and for images of a datamodule.
    """
    record = _record(folder)
    if record.recipe["datamodule"] is not None:
        raise SearchError(
            f"{folder}: its images come from a datamodule, whose batches are not read here.  name "
            "a folder or an .npz file with  --data PATH"
        )
    return DataSource.from_record(record.data["source"])


def _record(folder: Path) -> TrainRecord:
    try:
        record = read_record(folder)
    except SearchError as error:
        why = str(error).partition(".  ")[0]
        raise SearchError(f"{why}.  name the images with  --data PATH") from None
    assert record is not None, "it is the folder of a training"
    return record


@contextmanager
def on_train_record(folder: Path, weights: str) -> Iterator[tuple[str, Callable[[Metrics], None]]]:
    """Hold a training's folder, and give what is to be said of the looks so far, and what records
    one.

    weights: what they are, in words
    Raises SearchError, before anything is judged, where somebody trains there.
    """
    try:
        with held(folder) as record:
            assert record is not None, "it is the folder of a training"
            before = (record.test is not None) + len(record.looks)

            def note(metrics: Metrics) -> None:
                now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
                look = {"time": now, "weights": weights, "metrics": to_json(metrics)}
                record.looks.append(look)
                write_record(folder, record)
                write_page(folder, record)

            yield _said(before), note
    except SearchError as error:
        if "is being written by" in str(error):
            who = str(error).partition(".  ")[0]
            raise SearchError(f"{who}.  wait until it is done, or {_CURE}") from None
        raise


def _said(before: int) -> str:
    if not before:
        return "the first look at this training's test split; it is on its record"
    return (
        f"the test split of this training was looked at before ({counted(before, 'look')}); this "
        "one is on its record, too.  what is chosen by it is no longer held out"
    )
