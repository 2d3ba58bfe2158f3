"""A record as it is read: the state that follows from it, and what came since."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.study.record.events import Created, Event, Malformed
from archdsl.study.record.file_store import FileStore
from archdsl.study.record.state import State

if TYPE_CHECKING:
    from archdsl.spaces import Space


class Reading:
    """The state of the run in a folder. Another process may write its record meanwhile.

    check: whether it is to be a proxy check, and not a search
    state: what follows from the events that were read so far; store: where they come from
    """

    def __init__(self, folder: Path, space: Space | None = None, *, check: bool = False) -> None:
        self.folder, self.space, self.check = folder, space, check
        self.store = FileStore(folder)
        self.state = State(space)

    def go_on(self) -> State:
        """Read what came since, and nothing twice, unless another record lies there by now.

        Raises SearchError for damage, naming the line, for events that contradict each other, and
        for a proxy check in the place of a search, or a search in that of a check.
        """
        events = self.store.later()
        if self.store.is_another():
            events, self.state = self.store.replay(), State(self.space)
        for event in events:
            try:
                self.state.hear(event)
            except Malformed as error:
                raise SearchError(
                    f"{self.store.path}: line {self.store.line} cannot follow those before it: "
                    f"{error}.  restore it from a copy, or choose another --out"
                ) from None
        self._refuse_another(self.state.created)
        return self.state

    def refuse_another(self) -> None:
        """Raise SearchError for a check in the place of a search, or a search in that of a check.

        By the first line alone: what stands behind it may be damaged.
        """
        self._refuse_another(self.state.created or self.store.first())

    def _refuse_another(self, first: Event | None) -> None:
        if isinstance(first, Created) and first.of_a_check is not self.check:
            raise SearchError(_is_another(self.folder, check=first.of_a_check))

    def start_afresh(self, created: Created) -> None:
        """Begin a record in the place of one of which nothing is to stay."""
        self.store.start_afresh(created)
        self.state = State(self.space)
        self.state.hear(created)


def _is_another(folder: Path, *, check: bool) -> str:
    """What is said of a run that is not what it is taken for. check: whether it is a check"""
    if check:
        return (
            f"{folder} holds a proxy check, and no search.  `archdsl proxy-check SPACE --out "
            f"{folder}` says what it came to; for a search choose another folder"
        )
    return f"{folder} holds a search, and no proxy check.  choose another --out"
