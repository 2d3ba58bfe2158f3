"""Files that are whole or not there, whenever the power goes."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from archdsl import regular
from archdsl.drafts import SUFFIX, draft_of, write_durably
from archdsl.errors import SearchError


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Say of a file that cannot be written where and why. Raises SearchError."""
    try:
        yield
    except OSError as error:
        raise SearchError(
            f"{path} cannot be written: {error.strerror or error}.  see to it, and the same "
            "command goes on"
        ) from None


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Say of a file that cannot be read where and why. Raises SearchError."""
    try:
        yield
    except OSError as error:
        raise SearchError(
            f"{path} cannot be read: {error.strerror or error}.  see to it, and the same command "
            "goes on"
        ) from None


@contextmanager
def opened(path: Path) -> Iterator[BufferedReader]:
    """A regular file to be read; nothing is waited for. Raises SearchError."""
    with reading(path):
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        with regular.opened(path) as file:
            yield file


def read_bytes(path: Path) -> bytes:
    """The content of a regular file; nothing is waited for. Raises SearchError."""
    with opened(path) as file:
        return file.read()


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file in one step: whoever reads it sees the old content or the new."""
    with writing(path):
        with draft_of(path) as draft:
            write_durably(draft, content)
        sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    r"""Write a text in one step; what UTF-8 has no bytes for is written as `\udc80`."""
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def copy(source: Path, target: Path) -> None:
    """Copy a file in one step."""
    with writing(target):
        with draft_of(target) as draft:
            shutil.copyfile(source, draft)
            sync(draft)
        sync_folder(target.parent)


def cut(path: Path, size: int) -> None:
    """Drop what a file has behind so many bytes, if it has more."""
    with writing(path):
        if path.stat().st_size > size:
            os.truncate(path, size)


def drop_drafts(folder: Path) -> None:
    """Remove what an interrupted write left."""
    for path in folder.glob(f"*{SUFFIX}"):
        with writing(path):
            path.unlink()


def sync(path: Path) -> None:
    """Make the content of a file outlive a power cut."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Make what a folder lists outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
