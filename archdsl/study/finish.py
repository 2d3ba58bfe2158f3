"""What is done once a search has ended, in whatever way: the winner's files and the report.

Each may fail by itself, which is said; the record and the result are there whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from archdsl.errors import ArchError
from archdsl.study.events import Listener, Preparing
from archdsl.study.final.winner import won
from archdsl.study.front_files import write_front
from archdsl.study.winner import BEST, write_files

if TYPE_CHECKING:
    from archdsl.study.record.folder import RunFolder


def finish(run: RunFolder, emit: Listener) -> list[str]:
    """Write all that a search leaves but its record. Returns what there is to say besides."""
    from archdsl.study.report import write_report
    from archdsl.study.report.read import read

    notes: list[str] = []
    winner = won(run.state)
    if winner is not None:
        emit(Preparing("writing the winner and the report"))
        notes += _tried("the winner", lambda: write_files(run, winner, run.folder / BEST))
        notes += _tried("the front", lambda: write_front(run))
    return notes + _tried(
        "the report", lambda: write_report(run.folder, read(run.folder, run.state))
    )


def _tried(what: str, write: Callable[[], object]) -> list[str]:
    """Write something and return what there is to say of it."""
    try:
        notes = write()
    except ArchError as error:
        return [f"{what} was not written: {error}"]
    except Exception as error:
        return [f"{what} was not written: {type(error).__name__}: {error}"]
    return notes if isinstance(notes, list) else []
