"""Values that nobody should hand over, and somebody will."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import torch


class Mute:
    """Its repr, its text, its length and its truth raise."""

    def __repr__(self) -> str:
        raise ValueError("no repr")

    def __str__(self) -> str:
        raise ValueError("no text")

    def __len__(self) -> int:
        raise ValueError("no length")

    def __bool__(self) -> bool:
        raise ValueError("no truth")


class Unequal:
    """It cannot be compared, and so be no key either."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise ValueError("not compared")


class Deceiver(str):
    """A text whose own text raises."""

    def __str__(self) -> str:
        raise ValueError("no text")

    def __repr__(self) -> str:
        raise ValueError("no repr")


def cyclic_list() -> list[Any]:
    found: list[Any] = [1]
    found.append(found)
    return found


def cyclic_dict() -> dict[str, Any]:
    found: dict[str, Any] = {}
    found["macs"] = found
    return found


def deep(depth: int, wrap: Callable[[Any], Any]) -> Any:
    found: Any = 1
    for _ in range(depth):
        found = wrap(found)
    return found


ZOO: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "zero": lambda: 0,
    "minus one": lambda: -1,
    "three": lambda: 3,
    "a half": lambda: 0.5,
    "nan": lambda: math.nan,
    "infinity": lambda: math.inf,
    "10**5000": lambda: 10**5000,
    "-10**5000": lambda: -(10**5000),
    "1e308": lambda: 1e308,
    "a complex number": lambda: 1j,
    "a Decimal": lambda: Decimal("NaN"),
    "a Fraction": lambda: Fraction(1, 3),
    "an empty text": lambda: "",
    "a text": lambda: "gelu",
    "an address": lambda: "stages.0.depth",
    "a text with NUL": lambda: "a\0b",
    "a path with NUL": lambda: "a\0b/c.yaml",
    "half of a pair": lambda: "a\ud800",
    "escape sequences": lambda: "\x1b]0;title\x07\x9b31m",
    "from right to left": lambda: "\u202eabc\u2028d\x85",
    "lines": lambda: "a\n  b: [\nc",
    "a long text": lambda: "x" * 1_000_000,
    "a deceiver": lambda: Deceiver("depth"),
    "bytes": lambda: b"\xff\0",
    "a path": lambda: Path("/nowhere/at\0all"),
    "a type": lambda: int,
    "a function": lambda: len,
    "a module": lambda: math,
    "an array": lambda: np.arange(6).reshape(2, 3),
    "an array of one": lambda: np.array([2]),
    "a numpy integer": lambda: np.int64(2),
    "a numpy number": lambda: np.float32(0.1),
    "a tensor": lambda: torch.arange(6.0),
    "a tensor of one": lambda: torch.tensor(2),
    "a meta tensor": lambda: torch.empty(3, device="meta"),
    "an empty list": list,
    "a list": lambda: [1, "a", None],
    "a range": lambda: range(10**12),
    "a set": lambda: {1, 2},
    "a generator": lambda: (one for one in range(3)),
    "an empty mapping": dict,
    "a key of two": lambda: {(1, 2): 3},
    "a key that is none": lambda: {None: 3},
    "a number as a key": lambda: {0: {1: 2}},
    "a mapping of nans": lambda: {"macs": math.nan, "params": [math.inf, 3]},
    "a mapping of odd keys": lambda: {"a\0b": 1, "\ud800": 2, "": 3},
    "a cyclic list": cyclic_list,
    "a cyclic mapping": cyclic_dict,
    "2,000 lists": lambda: deep(2000, lambda inner: [inner]),
    "2,000 mappings": lambda: deep(2000, lambda inner: {"macs": inner}),
    "a list that doubles": lambda: deep(60, lambda inner: [inner, inner]),
    "an object": object,
    "a mute one": Mute,
    "an unequal one": Unequal,
    "a list of mutes": lambda: [Mute()],
    "a mapping of mutes": lambda: {"macs": Mute()},
    "a mapping with a mute key": lambda: {Mute(): 1},
}
"""Name -> what makes the value anew."""
