"""One study in a database: found by its name, and held to one version of archdsl."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.errors import SearchError
from archdsl.spelling import did_you_mean
from archdsl.study.identity.evidence import minor
from archdsl.study.record.database.connection import Connection, Database
from archdsl.study.record.database.tables import CREATING, TABLES
from archdsl.version import VERSION

SHOWN = 20
"""Of the studies that there are, so many are named."""


@dataclass(frozen=True, slots=True)
class Study:
    """A study. number: its own in the database"""

    database: Database
    name: str
    number: int

    def lock(self, connection: Connection) -> None:
        """Let nobody else change the study until the transaction is over."""
        connection.execute("SELECT 1 FROM archdsl_studies WHERE id = %s FOR UPDATE", [self.number])

    def lines(self, connection: Connection, first: int = 0) -> list[bytes]:
        """The lines of its record from a number on, each with its end."""
        found = connection.execute(
            "SELECT line FROM archdsl_events WHERE study = %s AND number >= %s ORDER BY number",
            [self.number, first],
        )
        return [line.encode("ascii") for (line,) in found]

    def first_line(self) -> list[bytes]:
        """The first of them, if there is one. Raises SearchError, as `all_lines` does."""

        def work(connection: Connection) -> list[bytes]:
            found = connection.execute(
                "SELECT line FROM archdsl_events WHERE study = %s AND number = 0", [self.number]
            )
            return [line.encode("ascii") for (line,) in found]

        return self.database.run(work, patience=0)

    def all_lines(self) -> list[bytes]:
        """All of them by now. Raises SearchError where the database does not answer."""
        return self.database.run(self.lines, patience=0)


def opened(database: Database, name: str) -> Study:
    """A study, which begins where there is none of its name.

    Raises SearchError for a database that cannot be used, and for a study of another version.
    """

    def work(connection: Connection) -> Study:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [CREATING])
        if not _has_tables(connection):
            connection.execute(TABLES)
        connection.execute(
            "INSERT INTO archdsl_studies (name, version) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [name, minor(VERSION)],
        )
        return _known(connection, database, name)

    return database.run(work, patience=0)


def found(database: Database, name: str | None) -> Study:
    """A study that is there. name: None for the only one

    Raises SearchError where there is none of that name, or several and none was named.
    """

    def work(connection: Connection) -> Study:
        names = _names(connection)
        begun = [name for name, has_begun in names.items() if has_begun] or [*names]
        if name is None and len(begun) == 1:
            return _known(connection, database, begun[0])
        if name is not None and name in names:
            return _known(connection, database, name)
        raise SearchError(f"{database.url} holds {_instead(name, begun)}")

    return database.run(work, patience=0)


def _instead(name: str | None, names: list[str]) -> str:
    """What there is where a study is not, or not told from others."""
    if not names:
        return "no study.  archdsl search SPACE --storage URL  begins one"
    known = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    if name is None:
        return f"several studies: {known}.  name one with  --study"
    return f"no study '{name}'.  {did_you_mean(name, names, after='  ')}there are: {known}"


def _names(connection: Connection) -> dict[str, bool]:
    """The studies by name, and whether each has begun: a search that was refused has not."""
    if not _has_tables(connection):
        return {}
    found = connection.execute(
        "SELECT s.name, EXISTS (SELECT 1 FROM archdsl_events e WHERE e.study = s.id) "
        "FROM archdsl_studies s ORDER BY s.name"
    )
    return dict(found.fetchall())


def _has_tables(connection: Connection) -> bool:
    row = connection.execute("SELECT to_regclass('archdsl_claims')").fetchone()
    return row is not None and row[0] is not None


def _known(connection: Connection, database: Database, name: str) -> Study:
    row = connection.execute(
        "SELECT id, version FROM archdsl_studies WHERE name = %s", [name]
    ).fetchone()
    assert row is not None, "it was put there or seen there in this transaction"
    number, version = row
    if version != minor(VERSION):
        raise SearchError(
            f"{database.url} holds the study {name} of archdsl {version}, and this is {VERSION}.  "
            f"go on with archdsl {version} on every machine, or name another  search.storage.study"
        )
    return Study(database, name, number)
