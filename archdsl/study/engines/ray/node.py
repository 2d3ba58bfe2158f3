"""What jobs have on a node: a folder that they share, with what is unpacked there once."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from archdsl.drafts import draft_of
from archdsl.errors import SearchError

KEPT = 7 * 24 * 3600.0
"""Seconds that something unpacked stays after it was used last."""


def node_folder() -> Path:
    """The folder in the system's temporary one that nobody else may write. Raises SearchError."""
    path = Path(tempfile.gettempdir()) / f"archdsl-{os.getuid()}"
    try:
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise SearchError(f"{path} cannot be made: {error.strerror}.  see to it") from None
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise SearchError(f"{path} is another's, or open to others.  remove it")
    return path


def unpacked(name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is made once on a node, whole or not there. make: fills it

    Raises SearchError where it cannot be written.
    """
    folder = node_folder()
    path = folder / name
    if not path.is_dir():
        _drop_old(folder)
        try:
            with draft_of(path) as draft:
                draft.mkdir()
                make(draft)
        except OSError as error:
            if not path.is_dir():  # another job was quicker
                raise SearchError(
                    f"{path} cannot be written: {error.strerror or error}.  make room there, and "
                    "the same command goes on"
                ) from None
    with contextlib.suppress(OSError):
        os.utime(path)
    return path


def _drop_old(folder: Path) -> None:
    """Remove what nobody has used for long."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.is_dir() and time.time() - path.stat().st_mtime > KEPT:
                shutil.rmtree(path, ignore_errors=True)
