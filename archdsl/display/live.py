"""The progress of a search on a terminal: a table of trials that is drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.display import trial_table
from archdsl.display.plain import opening, told
from archdsl.display.search_state import SearchState
from archdsl.study.events import Event, Started
from archdsl.views import terminal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

_AROUND = 9  # lines that are no row of the table
_MOST_ROWS = 12


class LiveDisplay:
    """A table of the latest trials, the best, those that run, and the time left."""

    def __init__(self, console: Console) -> None:
        self.state = SearchState()
        self.picture = terminal.Picture(console, self._parts)

    def __enter__(self) -> LiveDisplay:
        self.picture.__enter__()
        return self

    def __exit__(self, *how: object) -> None:
        self.picture.__exit__(*how)

    def __call__(self, event: Event) -> None:
        """Hear an event; the drawing follows by itself."""
        self.state.hear(event)
        lines: list[str] = []
        if isinstance(event, Started):
            lines = opening(event)
        elif (line := told(event)) is not None:
            lines = [line]
        for line in lines:
            self.picture.say(line)

    def _parts(self) -> list[RenderableType]:
        state = self.state
        parts: list[RenderableType] = []
        if state.trials or state.running:
            many = max(3, min(_MOST_ROWS, self.picture.height - _AROUND))
            parts.append(terminal.table(trial_table.columns(state), trial_table.rows(state, many)))
            parts.append(terminal.bar(*trial_table.bar(state), trial_table.far(state)))
            if state.best is not None:
                parts.append(terminal.line(trial_table.best(state, state.best), "good"))
        if ready := trial_table.preparing(state):
            parts.append(terminal.line(ready, "quiet"))
        return parts
