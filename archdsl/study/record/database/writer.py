"""Adds to a record in a database, one driver at a time."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence, Set
from pathlib import Path
from typing import TypeVar

from archdsl.errors import SearchError
from archdsl.study.identity.setup import IN_DATABASE
from archdsl.study.record.database import mirror
from archdsl.study.record.database.connection import Connection
from archdsl.study.record.database.drivers import Presence
from archdsl.study.record.events import Event, Training
from archdsl.study.record.file_store import FileStore
from archdsl.study.record.turn import Added, TakenOver, Turn

T = TypeVar("T")

MOMENT = 1.0
"""Seconds between two looks at what others did."""


class DatabaseWriter:
    """Adds to a record beside other drivers.

    store: the copy in the run directory, which is held, and has so many lines
    """

    def __init__(self, driver: Presence, folder: Path, store: FileStore, lines: int) -> None:
        self._driver, self._folder, self._store = driver, folder, store
        self._lines = lines
        self._process = os.getpid()
        self._tried: bytes | None = None
        self._recorded = False

    def turn(self, work: Callable[[Turn], T]) -> T:
        """Do something while nobody else adds anything.

        A connection that is lost at the end leaves open whether the line was recorded: it was where
        it is found there.
        """
        if os.getpid() != self._process:
            raise SearchError(f"the record belongs to process {self._process}, which opened it")
        outcome = list[T]()

        def tried(connection: Connection) -> T:
            study = self._driver.study
            study.lock(connection)
            new = study.lines(connection, self._lines)
            self._copy(new)
            if outcome and self._tried is not None and self._tried in new:
                self._tried, self._recorded = None, True
            if not self._recorded:
                self._tried = None
                outcome[:] = [work(_Turn(self, connection))]
            return outcome[0]

        self._forget()
        found = self._driver.study.database.run(tried)
        if self._tried is not None:
            self._copy([self._tried])
        return found

    def _forget(self) -> None:
        self._tried, self._recorded = None, False

    def heard(self) -> Iterator[Added]:
        """What the copy has since the last time."""
        for event in self._store.later():
            yield Added(event, ours=self._store.last_writer == self._store.writer)

    def holds(self, training: Training) -> bool:
        """Whether this driver is at a training, and no other took it over."""

        def work(connection: Connection) -> bool:
            try:
                self._driver.hold(connection, training)
            except TakenOver:
                return False
            return True

        return self._driver.study.database.run(work)

    def settle(self) -> None:
        """What was added is durable: a transaction that has ended is."""

    def workers(self, own: int) -> int:
        """How many jobs run at once, of all drivers that were heard of."""

        def work(connection: Connection) -> int:
            self._driver.say_workers(connection, own)
            return own + sum(one.workers for one in self._driver.others(connection))

        return self._driver.study.database.run(work)

    def wait(self) -> None:
        """Wait a moment."""
        time.sleep(MOMENT)

    def begin_again(self, another: str) -> None:
        """Drop a record in which nothing is worth keeping, unless others are at it.

        another: what makes it that of another search, in words
        """

        def work(connection: Connection) -> None:
            study = self._driver.study
            study.lock(connection)
            others = self._driver.others(connection)
            if others:
                raise SearchError(
                    f"{study.database.url} holds another search as {study.name}, which "
                    f"{others[0].called} is at: {another}.  {IN_DATABASE.rest}"
                )
            connection.execute("DELETE FROM archdsl_events WHERE study = %s", [study.number])

        self._driver.study.database.run(work)
        mirror.begin_again(self._folder)
        self._lines = 0

    def add(self, connection: Connection, event: Event) -> None:
        """Put an event on record, in a turn."""
        line = self._store.following(event)
        connection.execute(
            "INSERT INTO archdsl_events (study, number, line) VALUES (%s, %s, %s)",
            [self._driver.study.number, self._lines, line.decode("ascii")],
        )
        self._tried = line

    def _copy(self, lines: list[bytes]) -> None:
        if lines:
            mirror.append(self._folder, lines)
            self._lines += len(lines)


class _Turn:
    def __init__(self, writer: DatabaseWriter, connection: Connection) -> None:
        self._writer, self._driver = writer, writer._driver
        self._connection = connection

    def heard(self) -> Iterator[Added]:
        return self._writer.heard()

    def elsewhere(self) -> Set[Training]:
        return self._driver.elsewhere(self._connection)

    def others(self) -> Sequence[str]:
        return [one.called for one in self._driver.others(self._connection)]

    def take(self, training: Training) -> None:
        self._driver.take(self._connection, training)

    def hold(self, training: Training) -> None:
        self._driver.hold(self._connection, training)

    def leave(self, training: Training) -> None:
        self._driver.let_go(self._connection, training)

    def add(self, event: Event) -> None:
        self._writer.add(self._connection, event)
