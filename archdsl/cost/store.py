"""Measured costs kept between processes: lines of JSON in a file of the user's cache.

A line is `["digest", macs, params, train_params, [C, H, W], [C, H, W]]`. Lines are only ever
appended, each in one write, so that processes need not wait for each other. What cannot be read
is passed over, and where nothing can be written nothing is kept: the layer is measured again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from archdsl.cache import cache_folder
from archdsl.compiler.network import Shape

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
    line = "\n" + json.dumps([origin, *row], separators=(",", ":"))
    with contextlib.suppress(OSError):
        path = _path()
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        try:
            os.write(handle, line.encode())
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
        if path.stat().st_size > LIMIT:
            path.unlink()
        text = path.read_bytes()
    except OSError:
        return {}
    return dict(_parsed(text))


def _parsed(text: bytes) -> Iterator[tuple[str, Stored]]:
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            continue
        match found:
            case [str(origin), macs, params, train, [*before], [*after]]:
                sizes = (*before, *after)
                if len(before) == len(after) == 3 and _are_counts((macs, params, train, *sizes)):
                    row = Stored(macs, params, train, _shape(before), _shape(after))
                    yield origin, row


def _are_counts(values: tuple[Any, ...]) -> bool:
    return all(type(value) is int and value >= 0 for value in values)


def _shape(sides: list[int]) -> Shape:
    channels, height, width = sides
    return channels, height, width
