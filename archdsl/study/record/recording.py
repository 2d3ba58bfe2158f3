"""A record that is written: the state that follows from it, and what others add meanwhile."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence, Set
from typing import TypeAlias

from archdsl.study.record.events import Event, Running, Session, Training, trunk
from archdsl.study.record.state import State
from archdsl.study.record.turn import Added, Next, Turn, Writer

Decide: TypeAlias = Callable[[State, Set[Training]], "Next | None"]


class Recording:
    """A record with one driver here, and perhaps others elsewhere.

    state: follows from the events on record; writer: adds to them
    elsewhere: the trainings that other drivers were at in the last turn; others: who those were
    """

    def __init__(self, state: State, writer: Writer) -> None:
        self.state, self.writer = state, writer
        self.elsewhere: Set[Training] = frozenset()
        self.others: Sequence[str] = ()
        self._news: list[Event] = []
        self._session: int | None = None

    def turn(self, decide: Decide) -> Next | None:
        """Put on record what is to come next, and take what is to run next. Returns it.

        decide: says what, of the state as it is by then and the trainings that others are at; it
            is asked again where that could not be recorded
        """

        def work(turn: Turn) -> Next | None:
            self._hear(turn.heard())
            self.elsewhere, self.others = turn.elsewhere(), turn.others()
            following = decide(self.state, self.elsewhere)
            if following is not None and following.event is not None:
                self._add(turn, following.event)
            if following is not None and following.training is not None:
                turn.take(trunk(following.training))
            return following

        following = self.writer.turn(work)
        self._hear(self.writer.heard())
        return following

    def add(self, event: Event, of: Training | None = None, *, last: bool = False) -> None:
        """Put an event on record.

        of: the training that it came of; last: whether nobody is at that any more
        Raises TakenOver where another driver is at that training by now.
        """

        def work(turn: Turn) -> None:
            self._hear(turn.heard())
            if of is not None:
                turn.hold(trunk(of))
            self._add(turn, event)
            if of is not None and last:
                turn.leave(trunk(of))

        self.writer.turn(work)
        self._hear(self.writer.heard())

    def leave(self, training: Training) -> None:
        """Be at a training no longer, of which there is nothing to record."""
        self.writer.turn(lambda turn: turn.leave(trunk(training)))

    def holds(self, training: Training) -> bool:
        """Whether this driver is at a training, and no other took it over."""
        return self.writer.holds(trunk(training))

    def news(self) -> list[Event]:
        """What other drivers put on record since the last time."""
        found, self._news = self._news, []
        return found

    def workers(self, own: int) -> int:
        """How many jobs run at once, of all drivers, where this one runs so many."""
        return self.writer.workers(own)

    def wait(self) -> None:
        """Wait a moment for what others do."""
        self.writer.wait()

    def _add(self, turn: Turn, event: Event) -> None:
        last = len(self.state.sessions) - 1
        if isinstance(event, Running) and self._session not in (None, last):
            event = dataclasses.replace(event, session=self._session)
        self.state.check(event)  # what cannot come next is a fault of ours, and never recorded
        turn.add(event)

    def _hear(self, added: Iterable[Added]) -> None:
        for event, ours in added:
            self.take(event, ours=ours)
            if not ours:
                self._news.append(event)
            elif isinstance(event, Session):
                self._session = len(self.state.sessions) - 1

    def take(self, event: Event, *, ours: bool = True) -> None:
        """Take in an event that is on record. ours: whether this driver added it"""
        self.state.hear(event)
