"""A connection to PostgreSQL that outlives what interrupts it."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from archdsl.errors import SearchError
from archdsl.language.passwords import passwords_of

if TYPE_CHECKING:
    import psycopg

Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"
T = TypeVar("T")

PATIENCE = 600.0
"""Seconds that a database may be away."""

PAUSES = (0.1, 0.5, 1.0, 2.0, 5.0)
"""Seconds before it is tried again, the last again and again."""

ANSWER = 10
"""Seconds that a server has to answer a connection."""


class Database:
    """A PostgreSQL database.

    url: its address, without a password; notice: told where it does not answer
    idle: seconds after which the server ends a transaction of a process that does nothing
    """

    def __init__(
        self, url: str, notice: Callable[[str], None] = lambda what: None, idle: float = 20.0
    ) -> None:
        self.url, self._notice, self._idle = url, notice, idle
        self._connection: Connection | None = None
        self._since = time.monotonic()

    def run(self, work: Callable[[Connection], T], *, patience: float | None = None) -> T:
        """Do something in a transaction, again from its beginning where the connection was lost.

        patience: seconds that the database may be away, `PATIENCE` unless said
        Raises SearchError where it does not come back for so long.
        """
        import psycopg

        most = PATIENCE if patience is None else patience
        begun, tries = time.monotonic(), 0
        while True:
            try:
                connection = self._connected()
                with connection.transaction():
                    return work(connection)
            except _transient() as error:
                self.close()
                tries += 1
                waited = time.monotonic() - begun
                if waited >= most:
                    raise self._gone(error, waited) from None
                if tries == len(PAUSES):
                    self._notice(
                        f"search.storage: {self.url} does not answer ({_words(error)}).  it is "
                        f"tried for {PATIENCE / 60:.0f} minutes, and what runs goes on"
                    )
                time.sleep(PAUSES[min(tries, len(PAUSES)) - 1])
            except psycopg.errors.InsufficientPrivilege as error:
                raise SearchError(
                    f"search.storage: {self.url}: {_words(error)}.  {_RIGHTS}"
                ) from None
            except psycopg.Error as error:
                raise SearchError(
                    f"search.storage: {self.url} refused what archdsl asked of it "
                    f"({_words(error)}).  see to it, and the same command goes on"
                ) from None

    @property
    def connected_for(self) -> float:
        """Seconds since which every question was answered."""
        return time.monotonic() - self._since

    def still_here(self) -> None:
        """Tell the server that this process is alive, in the midst of a transaction, too."""
        if self._connection is not None:
            with contextlib.suppress(Exception):  # whoever uses it next finds out
                self._connection.execute("SELECT 1")

    def close(self) -> None:
        """Let the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = connected(self.url, self._idle)
            self._since = time.monotonic()
        return self._connection

    def _gone(self, error: BaseException, waited: float) -> SearchError:
        if waited < ANSWER:
            return SearchError(
                f"search.storage: {self.url} cannot be used: {_words(error)}.  {_ADDRESS}"
            )
        return SearchError(
            f"search.storage: {self.url} did not answer for {waited:.0f} s "
            f"({_words(error)}).  the record is whole up to there; once it is back, the same "
            "command goes on"
        )


_ADDRESS = (
    "see that it runs, that host, port, user and database are right, and the password in ~/.pgpass "
    "or PGPASSWORD"
)

_RIGHTS = (
    "let its user SELECT, INSERT, UPDATE and DELETE in the tables archdsl_*, and CREATE in their "
    "schema as long as they are not there; for status, report and export SELECT is enough"
)


def _words(error: BaseException) -> str:
    """What the database says, in a line."""
    said = str(error).removeprefix("connection failed: ").strip().partition("\n")[0]
    return " ".join(said.split()).rstrip(".") or type(error).__name__


def connected(url: str, idle: float = 20.0) -> Connection:
    """A new connection. Raises SearchError where psycopg is missing.

    What the address, or the environment, says by itself stays: a schema, a certificate, ...
    """
    try:
        import psycopg
        from psycopg.conninfo import conninfo_to_dict
    except ImportError:
        raise SearchError(
            "search.storage needs psycopg, which is not installed.  pip install 'archdsl[postgres]'"
        ) from None
    given = conninfo_to_dict(url)
    said = given.get("options") or os.environ.get("PGOPTIONS", "")
    settings = {
        "idle_in_transaction_session_timeout": round(idle * 1000),
        "lock_timeout": round(idle * 4000),
        "client_min_messages": "warning",
    }
    options = " ".join([str(said), *(f"-c {name}={value}" for name, value in settings.items())])
    usual: dict[str, Any] = {
        "connect_timeout": ANSWER, "application_name": "archdsl", "keepalives_idle": 10,
        "keepalives_interval": 5, "keepalives_count": 3,
    }  # fmt: skip
    parameters = {**usual, **given, **passwords_of(url), "options": options}
    return psycopg.connect(autocommit=True, **parameters)


def _transient() -> tuple[type[BaseException], ...]:
    """What may be over when it is tried again."""
    import psycopg

    return (
        psycopg.OperationalError,  # away, full, locked for too long
        psycopg.InterfaceError,
        psycopg.errors.IdleInTransactionSessionTimeout,
    )
