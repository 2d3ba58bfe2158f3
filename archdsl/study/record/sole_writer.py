"""The only driver of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from typing import TypeVar

from archdsl.study.record.events import Event, Training
from archdsl.study.record.file_store import FileStore
from archdsl.study.record.turn import Added, Turn

T = TypeVar("T")


class SoleWriter:
    """The only driver of a record that is a file, which it holds."""

    def __init__(self, store: FileStore) -> None:
        self._store = store
        self._added = list[Added]()

    def turn(self, work: Callable[[Turn], T]) -> T:
        """Do something; nobody else can."""
        return work(self)

    def heard(self) -> Iterator[Added]:
        """What was added since the last time."""
        while self._added:
            yield self._added.pop(0)

    def elsewhere(self) -> Set[Training]:
        """None: there are no other drivers."""
        return frozenset()

    def others(self) -> Sequence[str]:
        """None."""
        return ()

    def take(self, training: Training) -> None:
        """Nobody else could."""

    def hold(self, training: Training) -> None:
        """Nobody else has it."""

    def leave(self, training: Training) -> None:
        """Nobody else waits for it."""

    def add(self, event: Event) -> None:
        """Put an event on record."""
        self._store.add(event)
        self._added.append(Added(event, ours=True))

    def holds(self, training: Training) -> bool:
        """Nobody else could."""
        return True

    def settle(self) -> None:
        """Wait for the disk."""
        self._store.settle()

    def workers(self, own: int) -> int:
        """Those of this driver."""
        return own

    def wait(self) -> None:
        """There is nobody to wait for."""
