"""What a driver does to a record: it decides what is added while nobody else adds anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from archdsl.study.record.events import Event, Training

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Next:
    """What comes next: an event to record, or a training to run."""

    event: Event | None = None
    training: Training | None = None


class Added(NamedTuple):
    """An event on record. ours: whether this driver added it"""

    event: Event
    ours: bool


class TakenOver(Exception):
    """A training that this driver was at is another driver's by now."""


class Turn(Protocol):
    """A moment in which nobody else adds to the record, or takes a training."""

    def heard(self) -> Iterator[Added]:
        """What others added since the last turn."""

    def elsewhere(self) -> Set[Training]:
        """The trainings that other drivers are at."""

    def others(self) -> Sequence[str]:
        """The other drivers, in words."""

    def take(self, training: Training) -> None:
        """Be at a training from now on."""

    def hold(self, training: Training) -> None:
        """Raise TakenOver where this driver is no longer at a training."""

    def leave(self, training: Training) -> None:
        """Be at a training no longer."""

    def add(self, event: Event) -> None:
        """Put an event on record. Raises SearchError where it cannot be written."""


class Writer(Protocol):
    """Adds to a record, by itself or beside the drivers of other machines."""

    def turn(self, work: Callable[[Turn], T]) -> T:
        """Do something in a turn. It is done again where its outcome could not be recorded.

        Raises SearchError where that is so for long.
        """

    def heard(self) -> Iterator[Added]:
        """What is on record since the last time, what was added by this driver included."""

    def holds(self, training: Training) -> bool:
        """Whether this driver is at a training, and no other took it over."""

    def settle(self) -> None:
        """Return once all that was added outlives a power cut. Raises SearchError."""

    def workers(self, own: int) -> int:
        """How many jobs run at once, of all drivers, where this one runs so many."""

    def wait(self) -> None:
        """Wait a moment for what others do."""
