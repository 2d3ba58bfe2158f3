"""What is done once a search has ended, in whatever way: the winner's files and the report.

Each may fail by itself, which is said; the record and the result are there whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.errors import ArchError
from archdsl.study.events import Listener, Preparing
from archdsl.study.final.winner import won
from archdsl.study.front_files import write_front
from archdsl.study.winner import BEST, write_files

if TYPE_CHECKING:
    from archdsl.study.record.folder import RunFolder


@dataclass(frozen=True, slots=True)
class Left:
    """What a search leaves to be said.

    notes: what could not be written, and why
    claim: what may be claimed of the winner; None where the record could not be read for it
    """

    notes: list[str]
    claim: str | None


def finish(run: RunFolder, emit: Listener) -> Left:
    """Write all that a search leaves but its record."""
    from archdsl.study.report import write_report
    from archdsl.study.report.findings import verdict
    from archdsl.study.report.read import read

    notes: list[str] = []
    claims: list[str] = []

    def report() -> None:
        record = read(run.folder, run.state)
        claims.append(verdict(record))
        write_report(run.folder, record)

    winner = won(run.state)
    if winner is not None:
        emit(Preparing("writing the winner and the report"))
        notes += _tried("the winner", lambda: write_files(run, winner, run.folder / BEST))
        notes += _tried("the front", lambda: write_front(run))
    notes += _tried("the report", report)
    return Left(notes, next(iter(claims), None))


def _tried(what: str, write: Callable[[], object]) -> list[str]:
    """Write something and return what there is to say of it."""
    try:
        notes = write()
    except ArchError as error:
        return [f"{what} was not written: {error}"]
    except Exception as error:
        return [f"{what} was not written: {type(error).__name__}: {error}"]
    return notes if isinstance(notes, list) else []
