"""Measured costs kept between processes: lines of JSON in a file of the user's cache.

A line is `["digest", macs, params, train_params, [C, H, W], [C, H, W], "checksum"]`. Lines are
only ever appended, each in one write, so that processes need not wait for each other. What cannot
be read, or differs from what was written, is passed over, and where nothing can be written nothing
is kept: the layer is measured again.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from archdsl.cache import cache_folder
from archdsl.compiler.network import Shape
from archdsl.regular import NO_LINK, descriptor, opened

LIMIT = 1 << 23
"""Bytes of the file, about 50,000 rows; a larger one is started afresh."""


class Stored(NamedTuple):
    """What a line says of a layer. in_shape, out_shape: (C, H, W)"""

    macs: int
    params: int
    train_params: int
    in_shape: Shape
    out_shape: Shape


def stored(origin: str) -> Stored | None:
    """What was measured for an origin, in this process or in another one."""
    rows = _rows_here()
    return None if rows is None else rows.get(origin)


def store(origin: str, row: Stored) -> None:
    """Keep what was measured, if there is a place."""
    rows = _rows_here()
    if rows is None:
        return
    rows[origin] = row
    # it begins a line, so that a line that another process left torn costs that line alone
    line = b"\n" + _line(origin, row)
    with contextlib.suppress(OSError):
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = descriptor(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | NO_LINK)
        try:
            os.write(handle, line)
        finally:
            os.close(handle)


def forget() -> None:
    """Read the file again when it is next asked for, as a new process would."""
    _rows.cache_clear()


def _path() -> Path:
    return cache_folder() / "layer_costs.jsonl"


def _rows_here() -> dict[str, Stored] | None:
    try:
        return _rows(_path())
    except OSError:
        return None


@lru_cache(maxsize=4)
def _rows(path: Path) -> dict[str, Stored]:
    """The rows of a file, read once; none of one that is not there or cannot be read."""
    try:
        with opened(path, NO_LINK) as file:
            text = file.read(LIMIT + 1)
        if len(text) > LIMIT:
            path.unlink()
            return {}
    except OSError:
        return {}
    return dict(_parsed(text))


def _parsed(text: bytes) -> Iterator[tuple[str, Stored]]:
    for line in text.split(b"\n"):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        match found:
            case [str(origin), macs, params, train, [*before], [*after], str(checksum)]:
                sizes = (*before, *after)
                if len(before) == len(after) == 3 and _are_counts((macs, params, train, *sizes)):
                    row = Stored(macs, params, train, _shape(before), _shape(after))
                    if checksum == _checksum(origin, row):
                        yield origin, row


def _line(origin: str, row: Stored) -> bytes:
    return _written([origin, *row, _checksum(origin, row)])


def _checksum(origin: str, row: Stored) -> str:
    """Of a whole line, so that a row can be believed neither altered nor under another key."""
    return hashlib.blake2b(_written([origin, *row]), digest_size=8).hexdigest()


def _written(line: list[Any]) -> bytes:
    return json.dumps(line, separators=(",", ":")).encode()


def _are_counts(values: tuple[Any, ...]) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _shape(sides: list[int]) -> Shape:
    channels, height, width = sides
    return channels, height, width
