"""Which display a search has: that of a terminal, of a notebook, or lines."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol, Self, TextIO

from archdsl.display.plain import PlainDisplay
from archdsl.study.events import Event
from archdsl.views.notebook import in_notebook
from archdsl.views.terminal import Unwritable, console


class Display(AbstractContextManager["Display"], Protocol):
    """A listener that is entered before the search and left after it."""

    def __call__(self, event: Any) -> None:
        """Hear an event."""


def for_stream(stream: TextIO) -> Display:
    """A live table on a terminal, else lines."""
    if stream.isatty():
        from archdsl.display.live import LiveDisplay

        return LiveDisplay(console(stream))
    return PlainDisplay(stream)


def for_python() -> Display:
    """A table below the cell of a notebook; elsewhere what standard error is good for.

    Standard output is the program's own, and what is written there is for another program.
    """
    if in_notebook():
        from archdsl.display.notebook import NotebookDisplay

        return _WhileItLasts(NotebookDisplay())
    closed = sys.stderr is None or sys.stderr.closed
    return _WhileItLasts(None if closed else for_stream(sys.stderr))


def while_it_lasts(display: Any) -> Any:
    """A display that is dropped once nothing can be written; None is one already."""
    return _WhileItLasts(display)


class _WhileItLasts:
    """A display that is dropped once nothing can be written: the search is worth more."""

    def __init__(self, display: Display | None) -> None:
        self._display = display

    def __enter__(self) -> Self:
        self._tried(lambda display: display.__enter__())
        return self

    def __exit__(self, *how: Any) -> None:
        self._tried(lambda display: display.__exit__(*how))

    def __call__(self, event: Event) -> None:
        """Hear an event."""
        self._tried(lambda display: display(event))

    def _tried(self, what: Callable[[Display], object]) -> None:
        if (display := self._display) is None:
            return
        try:
            what(display)
        except _UNWRITABLE:
            self._display = None
            with suppress(*_UNWRITABLE):  # it may have put itself in the place of sys.stdout
                display.__exit__(None, None, None)


_UNWRITABLE = (Unwritable, OSError, ValueError)  # rich writes to a closed file: ValueError
