"""The progress of a search in a notebook: a table below its cell that is drawn anew."""

from __future__ import annotations

import sys

from archdsl.display import trial_table
from archdsl.display.plain import opening, told
from archdsl.display.search_state import SearchState
from archdsl.study.events import Event, Finished, Said, Started
from archdsl.views.card import CardTable, card
from archdsl.views.notebook import CellOutput
from archdsl.views.terminal import say_line

_ROWS = 10
_BETWEEN = 0.5  # seconds from one drawing to the next: each goes to the browser


class NotebookDisplay:
    """What the table on a terminal has, as HTML; the last drawing stays in the notebook."""

    def __init__(self) -> None:
        self.state = SearchState()
        self._output = CellOutput()
        self._said: list[str] = []
        self._drawn: float | None = None

    def __enter__(self) -> NotebookDisplay:
        return self

    def __exit__(self, *how: object) -> None:
        self._draw()

    def __call__(self, event: Event) -> None:
        """Hear an event, and draw where the last drawing is old enough."""
        self.state.hear(event)
        if isinstance(event, Started):
            self._said += opening(event)
        elif (line := told(event)) is not None:
            if isinstance(event, Said):  # where it stands that a program printed in one process
                say_line(line, sys.stdout)
            else:
                self._said.append(line)
        now = self.state.clock()
        if self._drawn is None or isinstance(event, Finished) or now - self._drawn >= _BETWEEN:
            self._draw()
            self._drawn = now

    def _draw(self) -> None:
        state = self.state
        tables, notes, words, bar = [], list(self._said), trial_table.preparing(state), None
        if state.trials or state.running:
            rows = trial_table.rows(state, _ROWS)
            tables.append(CardTable(trial_table.columns(state), rows, "trial"))
            words, bar = trial_table.far(state), trial_table.bar(state)
            if state.best is not None:
                notes.append(trial_table.best(state, state.best))
            notes += filter(None, [trial_table.preparing(state)])
        self._output.show(card("Search", words, tables, notes, bar))
