"""What is whole or not there: made under a name that nobody else has, and moved in one step."""

from __future__ import annotations

import contextlib
import glob
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SUFFIX = ".tmp"

_KEPT = 40  # signs of the name, of up to four bytes each: a file system takes 255
_TOKEN = 4  # bytes, twice as many signs


@contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """A place beside `path` for a file or a folder that is to take its place.

    It does so when the context ends, and is removed where that ends with an exception. Whoever
    else writes there at the same time has another draft; who ends last has the place. Raises
    OSError where it cannot be moved there.
    """
    draft = name_beside(path)
    try:
        yield draft
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            _remove(draft)
        raise


def name_beside(path: Path) -> Path:
    """A name for a draft of a path, which nothing has."""
    return path.with_name(f"{_beginning(path)}{secrets.token_hex(_TOKEN)}{SUFFIX}")


def drafts_left(path: Path) -> list[Path]:
    """The drafts of a path that lie beside it: what kills left, where nobody makes one now."""
    pattern = f"{glob.escape(_beginning(path))}{'?' * 2 * _TOKEN}{SUFFIX}"
    return sorted(path.parent.glob(pattern))


def drop_left(path: Path) -> None:
    """Remove what kills left of a path that nobody writes now. Raises OSError."""
    for draft in drafts_left(path):
        _remove(draft)


def write_durably(path: Path, content: bytes) -> None:
    """Write a file, a draft as a rule, and wait until it would outlive a power cut.

    Raises OSError.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _beginning(path: Path) -> str:
    return f".{path.name[:_KEPT]}."


def _remove(draft: Path) -> None:
    if draft.is_dir():
        shutil.rmtree(draft)
    else:
        draft.unlink(missing_ok=True)
