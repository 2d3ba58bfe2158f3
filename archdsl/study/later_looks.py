"""The record of a run is told of each look at its test split.

A search looks there once, at its end. Whoever looks again and chooses by what they see has used the
split up: so a later look is put on record before its figures are shown, and a report counts it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from archdsl.errors import SearchError
from archdsl.study.record.events import Evaluated
from archdsl.study.record.file_store import MIRROR, RECORD
from archdsl.study.record.reading import Reading
from archdsl.study.trial import Metrics, to_json
from archdsl.units import counted

_CURE = "judge it with  archdsl evaluate --split val, which is no look at the test split"


@contextmanager
def on_record(folder: Path, weights: str) -> Iterator[tuple[str, Callable[[Metrics], None]]]:
    """Hold a run's record, and give what is to be said of the looks so far, and what records one.

    weights: what they are, in words
    Raises SearchError, before anything is judged, for a record that cannot be written to.
    """
    if (folder / MIRROR).exists():
        raise SearchError(
            f"{folder}: its record is in a database, and a look at the test split is recorded by a "
            f"search alone there.  {_CURE}"
        )
    if not (folder / RECORD).exists():
        raise SearchError(
            f"{folder}: a run of archdsl 0.1 has no record that takes another look at its test "
            f"split.  {_CURE}"
        )
    reading = Reading(folder)
    try:
        with reading.store.open():
            before = len(reading.go_on().looks) + len(reading.state.evaluated)

            def record(metrics: Metrics) -> None:
                now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
                event = Evaluated(now, weights, to_json(metrics))
                reading.state.check(event)
                reading.store.add(event)
                reading.store.settle()

            yield said(before), record
    except SearchError as error:
        if "is being written by" in str(error):
            who = str(error).partition(".  ")[0]
            raise SearchError(f"{who}.  wait until it is done, or {_CURE}") from None
        raise


def said(before: int) -> str:
    """What is to be known of another look, after so many."""
    if not before:
        return "the first look at this run's test split; it is on its record"
    return (
        f"the test split of this run was looked at before ({counted(before, 'model')}); this look "
        "is on its record, too.  what is chosen by it is no longer held out"
    )
