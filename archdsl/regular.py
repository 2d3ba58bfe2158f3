"""Files that are files: nothing is opened that waits, such as a FIFO, or that never ends."""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path

_NEVER_WAIT = (
    getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
)
NO_LINK: int = getattr(os, "O_NOFOLLOW", 0)
"""A flag for `descriptor`: a link in the file's place is refused, too."""


def descriptor(path: Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file, to be closed.

    Raises OSError, at once, where something else is in its place: a folder, a FIFO, a socket, a
    device.
    """
    found = os.open(path, flags | _NEVER_WAIT, 0o644)
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
    except OSError:
        os.close(found)
        raise
    return found


def is_other(path: Path) -> bool:
    """Whether something else than a file or a folder lies there, which no file may replace."""
    try:
        mode = path.stat().st_mode
    except OSError:
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def write_into(path: Path, content: bytes) -> None:
    """Write to a device, or to a pipe that somebody reads. Raises OSError."""
    handle = os.open(path, os.O_WRONLY | _NEVER_WAIT)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def opened(path: Path, flags: int = os.O_RDONLY) -> BufferedReader:
    """A regular file, open for reading bytes. Raises OSError as `descriptor` does."""
    return os.fdopen(descriptor(path, flags), "rb")
