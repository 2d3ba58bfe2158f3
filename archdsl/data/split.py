"""Splits that never move: by the hash of each item's name, class by class."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from archdsl.errors import SearchError
from archdsl.units import counted


@dataclass(frozen=True, slots=True)
class Indices:
    """Positions in the source, in ascending order, of each split."""

    train: tuple[int, ...]
    val: tuple[int, ...]
    test: tuple[int, ...]


def stratified(
    keys: Sequence[str],
    labels: Sequence[int],
    *,
    val: float,
    test: float,
    name: str,
    class_names: Sequence[str],
) -> Indices:
    """Set aside the shares `val` and `test` of each class; a share of 0 sets nothing aside.

    keys: what tells the items apart; together with nothing else it decides where an item goes,
        so that neither an order of files nor a version of a library can move the split
    Raises SearchError for a class that is too small to be in every split.
    """
    by_class: dict[int, list[int]] = {}
    for index, label in enumerate(labels):
        by_class.setdefault(label, []).append(index)
    parts: tuple[list[int], list[int], list[int]] = ([], [], [])
    for label, members in sorted(by_class.items()):
        counts = [max(1, round(share * len(members))) if share else 0 for share in (test, val)]
        if sum(counts) >= len(members):
            has = counted(len(members), "image")
            needed = 1 + sum(1 for share in (test, val) if share)
            # each split takes one image of a class, however small its share
            enough = needed <= len(members)
            cure = "take smaller shares for val and test" if enough else "leave the class out"
            raise SearchError(
                f"{name}: class '{class_names[label]}' has {has}, too few for "
                f"{needed} splits{' of these shares' if enough else ''}.  add images, or {cure}"
            )
        members.sort(key=lambda index: _rank(keys[index]))
        held, rest = members[: counts[0]], members[counts[0] :]
        parts[2].extend(held)
        parts[1].extend(rest[: counts[1]])
        parts[0].extend(rest[counts[1] :])
    train_, val_, test_ = (tuple(sorted(part)) for part in parts)
    return Indices(train_, val_, test_)


def _rank(key: str) -> bytes:
    # the name of a file may be no UTF-8
    return hashlib.sha256(key.encode(errors="surrogatepass")).digest()
