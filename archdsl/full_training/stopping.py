"""How a training is asked to end from outside: the first time it ends after its step."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Leaving:
    """Whether somebody wants it to end."""

    def __init__(self, told: Callable[[str], None]) -> None:
        self._told = told
        self._signals: list[signal.Signals] = []
        self.wanted = False

    def hear(self, signals: Sequence[signal.Signals] = ()) -> None:
        """Handle these signals, or again those of before: Lightning puts handlers before them.

        One of its own ends a process in the middle of an epoch, as if all were done.
        """
        self._signals = [*signals] or self._signals
        for one in self._signals:
            signal.signal(one, self.ask)

    def __call__(self) -> bool:
        """Whether it is wanted."""
        return self.wanted

    def ask(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal. Raises KeyboardInterrupt the second time."""
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True
        self._told("it ends after this step, and its state is kept; once more ends it at once")


@contextmanager
def leaving(told: Callable[[str], None]) -> Iterator[Leaving]:
    """Ctrl-C, and SIGTERM, a batch system's notice, are asked of what is inside.

    A handler of the caller's own stays, and in another thread than the main one signals are not
    ours to handle.
    told: what becomes of it, in words
    """
    found = Leaving(told)
    usual: dict[signal.Signals, Any] = {
        signal.SIGINT: signal.default_int_handler,
        signal.SIGTERM: signal.SIG_DFL,
    }
    ours = threading.current_thread() is threading.main_thread()
    taken = [one for one, handler in usual.items() if ours and signal.getsignal(one) is handler]
    try:
        found.hear(taken)
        yield found
    finally:
        for one in taken:
            signal.signal(one, usual[one])
