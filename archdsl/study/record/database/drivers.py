"""Who is at a study, told by signs of life, and at which trainings.

A driver gives a sign of life a few times in every lease. What one was at of whom nothing was heard
for a lease is free for the others. Where the database itself was away nobody was heard, so that
whoever comes back first has to listen for a lease before it takes anything.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Set
from typing import NamedTuple

from archdsl.study.record.database.connection import Connection, Database
from archdsl.study.record.database.study import Study
from archdsl.study.record.events import Training
from archdsl.study.record.turn import TakenOver

BEATS = 5
"""Signs of life in a lease."""

_ALIVE = "NOT d.has_left AND d.seen + make_interval(secs => d.lease) > clock_timestamp()"


class DriverSeen(NamedTuple):
    """A driver that was heard of within its lease. called: where it runs; workers: its jobs"""

    called: str
    workers: int


class Presence:
    """This driver among the others.

    lease: seconds after which they take over what it is at
    """

    def __init__(self, study: Study, lease: float) -> None:
        self.study, self.lease = study, lease
        self.number = 0
        self.workers = 0
        self._over = threading.Event()
        self._beating: threading.Thread | None = None

    def join(self, before: int | None) -> None:
        """Be there from now on. before: the driver that was in this run directory, and is gone"""

        def work(connection: Connection) -> int:
            self.study.lock(connection)
            if before is not None:
                _gone(connection, self.study, before)
            row = connection.execute(
                "INSERT INTO archdsl_drivers (study, called, lease) VALUES (%s, %s, %s) "
                "RETURNING id",
                [self.study.number, _called(), self.lease],
            ).fetchone()
            assert row is not None
            return int(row[0])

        self.number = self.study.database.run(work, patience=0)
        self._beating = threading.Thread(target=self._beat, daemon=True)
        self._beating.start()

    def leave(self) -> None:
        """Be gone, and at nothing any more."""
        self._over.set()
        if self._beating is not None:
            self._beating.join(self.lease)
        with contextlib.suppress(Exception):  # the others find out by themselves
            self.study.database.run(
                lambda connection: _gone(connection, self.study, self.number), patience=0
            )

    def elsewhere(self, connection: Connection) -> Set[Training]:
        """The trainings that others are at."""
        listened = self.study.database.connected_for >= self.lease
        rows = connection.execute(
            "SELECT c.trial, c.purpose, c.seed FROM archdsl_claims c "
            "JOIN archdsl_drivers d ON d.id = c.driver "
            f"WHERE c.study = %s AND c.driver <> %s AND ({_ALIVE if listened else 'true'})",
            [self.study.number, self.number],
        )
        return frozenset(Training(trial, purpose, seed, 0) for trial, purpose, seed in rows)

    def take(self, connection: Connection, training: Training) -> None:
        """Be at a training, which nobody else is at."""
        connection.execute(
            "INSERT INTO archdsl_claims (study, trial, purpose, seed, driver) "
            "VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT (study, trial, purpose, seed) DO UPDATE SET driver = excluded.driver",
            [self.study.number, *training[:3], self.number],
        )

    def hold(self, connection: Connection, training: Training) -> None:
        """Raise TakenOver where this driver is no longer at a training."""
        row = connection.execute(f"SELECT 1 {_MINE}", self._mine(training)).fetchone()
        if row is None:
            raise TakenOver

    def let_go(self, connection: Connection, training: Training) -> None:
        """Be at a training no longer."""
        connection.execute(f"DELETE {_MINE}", self._mine(training))

    def others(self, connection: Connection) -> list[DriverSeen]:
        """Those that were heard of within their lease."""
        return drivers(connection, self.study, but=self.number)

    def say_workers(self, connection: Connection, workers: int) -> None:
        """Tell the others how many jobs run here at once."""
        connection.execute(
            "UPDATE archdsl_drivers SET workers = %s WHERE id = %s", [workers, self.number]
        )

    def _mine(self, training: Training) -> list[object]:
        return [self.study.number, *training[:3], self.number]

    def _beat(self) -> None:
        """Give signs of life, by a connection of its own, until this driver leaves."""
        database = self.study.database
        own = Database(database.url)
        while not self._over.wait(self.lease / BEATS):
            database.still_here()
            with contextlib.suppress(Exception):  # the next one may be heard
                own.run(self._alive, patience=0)
        own.close()

    def _alive(self, connection: Connection) -> None:
        connection.execute(
            "UPDATE archdsl_drivers SET seen = clock_timestamp(), has_left = false WHERE id = %s",
            [self.number],
        )


_MINE = (
    "FROM archdsl_claims WHERE study = %s AND trial = %s AND purpose = %s AND seed = %s "
    "AND driver = %s"
)


def drivers(connection: Connection, study: Study, but: int | None = None) -> list[DriverSeen]:
    """The drivers of a study that were heard of within their lease."""
    rows = connection.execute(
        f"SELECT d.called, d.workers FROM archdsl_drivers d WHERE d.study = %s AND d.id <> %s "
        f"AND {_ALIVE} ORDER BY d.id",
        [study.number, -1 if but is None else but],
    )
    return [DriverSeen(called, workers) for called, workers in rows]


def _gone(connection: Connection, study: Study, number: int) -> None:
    connection.execute(
        "UPDATE archdsl_drivers SET has_left = true WHERE id = %s AND study = %s",
        [number, study.number],
    )
    connection.execute(
        "DELETE FROM archdsl_claims WHERE driver = %s AND study = %s", [number, study.number]
    )


def _called() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"
