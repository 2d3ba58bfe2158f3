"""A run directory whose record a database holds, for one driver among others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.language.settings import StorageSettings
from archdsl.study.identity.setup import IN_DATABASE, differs
from archdsl.study.record.database import mirror
from archdsl.study.record.database import study as studies
from archdsl.study.record.database.connection import Database
from archdsl.study.record.database.drivers import Presence
from archdsl.study.record.database.writer import DatabaseWriter
from archdsl.study.record.events import Created, Training
from archdsl.study.record.file_store import LOCK
from archdsl.study.record.folder import RunFolder, gives_way, tidy
from archdsl.study.record.lock import locked
from archdsl.study.record.reading import Reading
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next

if TYPE_CHECKING:
    from archdsl.spaces import Space


def copied(storage: StorageSettings, name: str, folder: Path) -> None:
    """Make a run directory say what the database says of a study by now. name: of the spec

    Raises SearchError for a database that cannot be used, and a directory of something else.
    """
    database = Database(storage.url)
    try:
        study = studies.opened(database, storage.study or name)
        mirror.made(folder, study, study.first_line())
        with locked(folder / LOCK):
            mirror.bring_up(folder, study)
    finally:
        database.close()


@contextmanager
def opened(
    storage: StorageSettings,
    reading: Reading,
    shown: Path,
    space: Space,
    created: Created,
    notice: Callable[[str], None],
) -> Iterator[RunFolder]:
    """Be a driver of a study in a database, and hold a run directory with its copy.

    reading: of that copy, as far as it was read; shown: the directory as the user wrote it
    created: how the study begins; another one gives way to it that has no trial, and no driver
    notice: told where the database does not answer
    Raises SearchError where another process holds the directory, or the database is not to be used.
    """
    folder = reading.folder
    database = Database(storage.url, notice, idle=max(1.0, storage.lease / 3))
    with reading.store.open():
        tidy(folder, trials=True)
        study = studies.opened(database, storage.study or created.name)
        lines = mirror.bring_up(folder, study)
        driver = Presence(study, storage.lease)
        driver.join(mirror.said(folder).get("driver"))
        try:
            writer = DatabaseWriter(driver, folder, reading.store, lines)
            there = reading.go_on().created
            if there is not None and gives_way(reading.state, created):
                writer.begin_again(differs(there.setup, created.setup) or "it has no trial")
                reading.go_on()
            run = RunFolder(shown, reading, space, writer)
            run.turn(lambda state, busy: _begun(state, busy, created))
            mirror.say(folder, study, driver.number, study.first_line())
            run.write_views()
            yield run
        finally:
            driver.leave()
            database.close()


def _begun(state: State, busy: Set[Training], created: Created) -> Next | None:
    """How the study begins, where no other driver began it since."""
    if state.created is None:
        return Next(created)
    if gives_way(state, created):
        raise SearchError(
            f"another driver began another search as {created.name} at the same time: "
            f"{differs(state.created.setup, created.setup)}.  {IN_DATABASE.rest}"
        )
    return None
