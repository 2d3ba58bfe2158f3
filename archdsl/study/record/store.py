"""What keeps a record. The file is one such; whatever keeps events in order can be another."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Protocol

from archdsl.study.record.events import Event


class Store(Protocol):
    """Keeps the events of one study, in order, for one writer at a time."""

    def open(self) -> AbstractContextManager[None]:
        """Be the writer until the end of the context. Raises SearchError where another is."""

    def replay(self) -> Iterator[Event]:
        """The events, from the first. Raises SearchError, naming the place, for damage."""

    def add(self, event: Event) -> int:
        """Put an event at the end and return its number, which the store gives.

        Raises SearchError where it cannot be written, and in another process than the writer.
        """

    def settle(self) -> None:
        """Return once all that was added outlives a power cut. Raises SearchError."""
