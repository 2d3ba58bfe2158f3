"""What tells the data of one search from those of another: names, splits, labels, contents."""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

SAMPLE = 20_000
"""Of more files than this only so many are digested: those whose hashed names come first."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a figure depends on.

    name: which tells it from all others, wherever the data lie
    split: "train", "val" or "test"; label: its class; size: in bytes; digest: of its content;
        each empty or None where it has none, or where it was left out
    """

    name: str
    split: str = ""
    label: int | None = None
    size: int | None = None
    digest: str = ""


Fingerprint: TypeAlias = tuple[Item, ...]
"""Of a source's data: an item for each image, and for each file that holds many."""


def digest_of(content: bytes) -> str:
    """A digest of bytes, as items carry it."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def sampled(names: Iterable[str], most: int | None = None) -> list[str]:
    """The names to digest: all, or `most` of them (`SAMPLE`), always the same ones."""
    return heapq.nsmallest(
        SAMPLE if most is None else most, names, key=lambda name: digest_of(os.fsencode(name))
    )
