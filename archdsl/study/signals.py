"""How a search is asked to end from outside."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupted(KeyboardInterrupt):
    """A second Ctrl-C. Its words say what there is and how to go on."""


@contextmanager
def terminable() -> Iterator[None]:
    """SIGTERM, a batch system's notice, ends what is inside as Ctrl-C does.

    A handler of the caller's own stays, and in another thread than the main one signals are not
    ours to handle.
    """
    ours = threading.current_thread() is threading.main_thread()
    if not ours or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
