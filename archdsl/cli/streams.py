"""The standard streams at the beginning and at the end of a command, whatever they are."""

from __future__ import annotations

import contextlib
import os
import sys


def open_closed() -> None:
    """Put something in the place of standard streams that are closed.

    Otherwise the next files that are opened would be standard output to every library. What is
    written to standard output still fails; what is written to standard error goes nowhere.
    """
    for name, mode in _MODES.items():  # each takes the lowest number that is free: its own
        if getattr(sys, name) is None:
            flags = os.O_RDWR if name == "stderr" else os.O_RDONLY
            with contextlib.suppress(OSError):
                handle = os.open(os.devnull, flags)
                setattr(sys, name, os.fdopen(handle, mode, encoding="utf-8"))


def let_go() -> None:
    """Drop what could not be written, so that Python does not complain while it shuts down."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            with contextlib.suppress(OSError, ValueError):
                sink = os.open(os.devnull, os.O_WRONLY)
                os.dup2(sink, stream.fileno())
                os.close(sink)


_MODES = {"stdin": "r", "stdout": "w", "stderr": "w"}
