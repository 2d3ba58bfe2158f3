"""Reading a study that a database holds, without being one of its drivers."""

from __future__ import annotations

from pathlib import Path

from archdsl.errors import SearchError
from archdsl.language.passwords import as_shown, is_postgresql, without_passwords
from archdsl.study.record.database import mirror
from archdsl.study.record.database import study as studies
from archdsl.study.record.database.connection import Database
from archdsl.study.record.database.drivers import DriverSeen, drivers
from archdsl.study.record.file_store import LOCK
from archdsl.study.record.lock import holder, locked

ELSEWHERE = "name another directory for its copy"
"""How who reads has the copy in another directory."""


def copied_from(url: str, name: str | None, folder: Path | None, runs: Path) -> Path:
    """A run directory that says what the database says by now.

    name: of the study, None for the only one; folder: where, or None for the study's own in `runs`
    A directory that a driver holds is left to it, who keeps it up.
    Raises SearchError for a database or a study that is not there, and a directory of another run.
    """
    database = _database(url)
    try:
        study = studies.found(database, name)
        first = study.first_line()
        if not first:
            raise SearchError(
                f"the study {study.name} in {database.url} has not begun.  archdsl search SPACE "
                "--storage URL  begins it"
            )
        folder = folder or runs / study.name
        mirror.made(folder, study, first, ELSEWHERE)
        if holder(folder.absolute() / LOCK) is None:
            with locked(folder.absolute() / LOCK):
                mirror.bring_up(folder, study, ELSEWHERE)
        return folder
    finally:
        database.close()


def drivers_of(url: str, name: str | None) -> list[DriverSeen]:
    """Who is at a study, of all that were heard of within their lease. Raises SearchError."""
    database = _database(url)
    try:
        study = studies.found(database, name)
        return database.run(lambda connection: drivers(connection, study), patience=0)
    finally:
        database.close()


def _database(url: str) -> Database:
    said = without_passwords(url)
    if not is_postgresql(said):
        raise SearchError(
            f"--storage: {as_shown(said)} is no address of a PostgreSQL database.  write  "
            "postgresql://USER@HOST/DATABASE"
        )
    return Database(said)
