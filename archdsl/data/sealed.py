"""Files of a cache that end with a digest of what is before it, so that they can be believed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archdsl.regular import NO_LINK, opened

SIZE = 16
"""Bytes of the digest at the end."""

_PIECE = 1 << 24


def seal(path: Path) -> None:
    """Put the digest at the end of a file. Raises OSError."""
    with opened(path, NO_LINK) as file:
        digest = hashlib.file_digest(file, _digest).digest()
    with path.open("ab") as file:
        file.write(digest)


def is_whole(path: Path, read: Callable[[float], None] = lambda part: None) -> bool:
    """Whether a file is as it was sealed; one that is not there, or no file, is not.

    read: called with the part of it that was read so far
    """
    digest = _digest()
    try:
        with opened(path, NO_LINK) as file:
            size = left = file.seek(0, 2) - SIZE
            file.seek(0)
            while left > 0 and (piece := file.read(min(_PIECE, left))):
                digest.update(piece)
                left -= len(piece)
                read(1 - left / size)
            return left == 0 and file.read() == digest.digest()
    except OSError:
        return False


def content(path: Path, limit: int) -> bytes | None:
    """What was sealed, of `limit` bytes at most, or None for a file that is not as it was."""
    try:
        with opened(path, NO_LINK) as file:
            found = file.read(limit + SIZE + 1)
    except OSError:
        return None
    text, digest = found[:-SIZE], found[-SIZE:]
    return text if len(text) <= limit and digest == _digest(text).digest() else None


def sealed(text: bytes) -> bytes:
    """A text with its digest at the end."""
    digest: bytes = _digest(text).digest()
    return text + digest


def _digest(text: bytes = b"") -> Any:
    return hashlib.blake2b(text, digest_size=SIZE)
