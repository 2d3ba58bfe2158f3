"""How much work it is to read a text: calls, which no other load on the machine changes."""

from __future__ import annotations

import signal
import sys
from types import FrameType

import archdsl
from archdsl.errors import ArchError
from tests.fuzz.law import check

HANGS = 120.0
"""Seconds of CPU after which reading, with its calls counted, is ended: a call of C that does not
come back makes no other calls."""


def read(text: str) -> None:
    """Read it, or have it refused in words."""
    try:
        archdsl.loads(text, imports=False)
    except ArchError as error:
        check(error)


def calls_to_read(text: str) -> int:
    """The calls of Python's functions and of C's that reading a text makes.

    Raises `TimeoutError` for a text that reading does not come back from.
    """
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    def end(number: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"reading it took over {HANGS:.0f} s of CPU")

    former, profile = signal.signal(signal.SIGVTALRM, end), sys.getprofile()
    signal.setitimer(signal.ITIMER_VIRTUAL, HANGS)
    sys.setprofile(count)
    try:
        read(text)
    finally:
        sys.setprofile(profile)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, former)
    return calls
