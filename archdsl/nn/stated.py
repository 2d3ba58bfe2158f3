"""What follows from sizes alone, in plain numbers.

In a pass a few operators make it on the device at hand. An exporter takes its time per operator,
and a tensor of numbers is none to it, but a constant. `torch.as_tensor` leaves one operator fewer
beside it than `torch.tensor` does.
"""

from __future__ import annotations

import math
from functools import lru_cache

Size = tuple[int, int]
Table = tuple[tuple[int, ...], ...]


@lru_cache(maxsize=4)
def neighbours(size: Size, window: int) -> Table:
    """Per position of a map, which positions stand at the slots of its window.

    Positions and slots go row by row; outside the map stands the number of positions.
    """
    height, width = size
    steps = range(-(window // 2), window // 2 + 1)
    return tuple(
        tuple(
            down * width + right if 0 <= down < height and 0 <= right < width else height * width
            for down in (row + step for step in steps)
            for right in (column + step for step in steps)
        )
        for row in range(height)
        for column in range(width)
    )


def distances(queries: int, keys: int, scale: int) -> tuple[list[float], list[list[int]]]:
    """Along one axis, the distances that occur, and which of them each pair has.

    In numbers what `position_bias.distances` has in tensors.
    """
    firsts_and_stops = [
        start // keys + (start + queries + keys - 1) // keys
        for start in range(0, keys * queries, queries)
    ]
    step = 2 if queries % keys == 0 else 1
    most = 2 * queries - 1 - -(-queries // keys)
    deltas = [twice / 2 / max(1, scale - 1) * 8 for twice in range(-most, most + 1, step)]
    logs = [math.copysign(math.log2(1 + abs(delta)) / 3, delta) for delta in deltas]
    index = [
        [(most + 1 + 2 * query - both) // step for both in firsts_and_stops]
        for query in range(queries)
    ]
    return logs, index


@lru_cache(maxsize=1)  # the next blocks ask for the same
def apart(queries: Size, keys: Size, scale: Size) -> tuple[tuple[tuple[float, float], ...], Table]:
    """On a map, how far apart down and across a query and a key can be, and which each pair is.

    The second is (Hq·Wq, Hk·Wk) indices into the first.
    """
    sides = zip(queries, keys, scale, strict=True)
    (down, row), (across, column) = (distances(*side) for side in sides)
    pairs = tuple((own, other) for own in down for other in across)
    index = tuple(
        tuple(own * len(across) + other for own in rows for other in columns)
        for rows in row
        for columns in column
    )
    return pairs, index


def offsets(window: Size) -> list[list[int]]:
    """(positions, positions): which of a window's offsets leads from a key to a query."""
    rows, columns = window
    places = [(row, column) for row in range(rows) for column in range(columns)]
    return [
        [
            (row - down + rows - 1) * (2 * columns - 1) + column - right + columns - 1
            for down, right in places
        ]
        for row, column in places
    ]


def window_places(size: Size, window: Size, shift: Size) -> list[int]:
    """Which positions of a map the windows hold, window by window, once the map has moved.

    What stands at a `shift` comes first; where the windows reach over the map stands the number of
    positions.
    """
    return [
        row * size[1] + column if row < size[0] and column < size[1] else size[0] * size[1]
        for rows in _sides(size[0], window[0], shift[0])
        for columns in _sides(size[1], window[1], shift[1])
        for row in rows
        for column in columns
    ]


def window_parts(size: Size, window: Size, shift: Size) -> list[list[int]]:
    """(windows, positions): from which part of a map they come, if a shift has cut it in parts."""
    return [
        [2 * (row < shift[0]) + (column < shift[1]) for row in rows for column in columns]
        for rows in _sides(size[0], window[0], shift[0])
        for columns in _sides(size[1], window[1], shift[1])
    ]


def _sides(size: int, window: int, shift: int) -> list[list[int]]:
    """Along one axis, the positions of each window."""
    padded = -(-size // window) * window
    moved = [(place + shift) % padded for place in range(padded)]
    return [moved[first : first + window] for first in range(0, padded, window)]
