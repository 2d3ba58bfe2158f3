"""Digests of files. A file that has not changed since is not read again.

Digests are kept in the user's cache (`$ARCHDSL_CACHE`) beside the size of each file, its inode,
and the times at which its content and its entry were changed. Without the cache every file is
read again, and nothing else is different.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from archdsl.cache import cache_folder
from archdsl.data import sealed
from archdsl.drafts import draft_of
from archdsl.errors import SearchError
from archdsl.regular import opened

LIMIT = 1 << 26
"""Bytes of what is kept of one folder; a row takes some hundred."""

RECENT = 2_000_000_000
"""Nanoseconds: a file that was changed so shortly before may change again at the same time."""


def digests(root: Path, names: Iterable[str]) -> dict[str, str]:
    """Name below `root` -> digest of the file's content. Raises SearchError, naming a file."""
    now = time.time_ns()
    stats = {name: _stat(root / name) for name in names}
    store = _store(root)
    known = _known(store)
    missing = [name for name, stat in stats.items() if known.get(name, [None])[:-1] != stat]
    with ThreadPoolExecutor() as pool:
        read = dict(zip(missing, pool.map(lambda n: _digest(root / n), missing), strict=True))
    found = {name: read.get(name) or str(known[name][-1]) for name in stats}
    if read and store is not None:
        settled = {
            name: [*stats[name], found[name]]
            for name in stats
            if max(stats[name][1:3]) < now - RECENT
        }
        _keep(store, settled)
    return found


def size_of(path: Path) -> int:
    """The size of a file in bytes. Raises SearchError."""
    return _stat(path)[0]


def _stat(path: Path) -> list[int]:
    try:
        stat = path.stat()
    except OSError as error:
        raise _unreadable(path, error) from None
    return [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]


def _digest(path: Path) -> str:
    try:
        with opened(path) as file:
            return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> SearchError:
    return SearchError(f"{path}: cannot be read ({error.strerror}).  replace it or remove it")


def _store(root: Path) -> Path | None:
    with contextlib.suppress(OSError):
        name = hashlib.sha256(os.fsencode(root.resolve())).hexdigest()[:32]
        return cache_folder() / f"{name}.digests"
    return None


def _known(store: Path | None) -> dict[str, list[Any]]:
    text = None if store is None else sealed.content(store, LIMIT)
    found: dict[str, list[Any]] = {} if text is None else json.loads(text)
    return found


def _keep(store: Path, rows: dict[str, list[Any]]) -> None:
    with contextlib.suppress(OSError):
        store.parent.mkdir(parents=True, exist_ok=True)
        with draft_of(store) as draft:
            draft.write_bytes(sealed.sealed(json.dumps(rows).encode()))
