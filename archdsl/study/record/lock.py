"""One writer for one run directory.

The lock belongs to the process and goes with it, however it ends: nothing stale is left by a
kill, and worker processes that outlive their parent do not hold it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archdsl import regular
from archdsl.errors import SearchError
from archdsl.study.record import files

_MOMENT = 0.1

_held: set[Path] = set()
"""What this process holds: the system lets a process lock a file twice."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file.

    Raises SearchError where it is held, naming the holder, and where no file can lie there.
    """
    path = path.parent.resolve() / path.name
    if path in _held:
        raise _taken(path, "this process")
    handle = _had(path)
    try:
        with files.writing(path):
            os.ftruncate(handle, 0)
            os.write(handle, f"process {os.getpid()} on {socket.gethostname()}\n".encode())
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
    finally:
        with contextlib.suppress(OSError):  # an `evaluate` may have closed what is not its own
            os.close(handle)


def holder(path: Path) -> str | None:
    """Who holds a lock file, in words; None where nobody does, or there is none."""
    path = path.parent.resolve() / path.name
    if path in _held:  # closing the file would give up what this process holds
        return "this process"
    if not path.is_file():
        return None
    with files.reading(path):
        handle = regular.descriptor(path, os.O_RDONLY)
    try:
        fcntl.lockf(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return _named(handle)
    finally:
        os.close(handle)
    return None


def _had(path: Path) -> int:
    """The lock file, locked. Where who held it took it away meanwhile, it is made anew."""
    while True:
        with files.writing(path):
            handle = regular.descriptor(path, os.O_RDWR | os.O_CREAT)
        try:
            if not _taken_by_now(handle):
                raise _taken(path, _named(handle))
            with contextlib.suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


def _taken_by_now(handle: int) -> bool:
    """Whether the lock could be had; `holder` in another process keeps it for a moment."""
    until = time.monotonic() + _MOMENT
    while True:
        try:
            fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                return False
            time.sleep(_MOMENT / 10)
        else:
            return True


def _named(handle: int) -> str:
    return os.pread(handle, 200, 0).decode(errors="replace").strip() or "another process"


def _taken(path: Path, holder: str) -> SearchError:
    return SearchError(
        f"{path.parent} is being written by {holder}.  wait until it is done, or choose another "
        "--out"
    )
