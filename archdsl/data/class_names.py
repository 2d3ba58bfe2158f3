"""The classes that data name one image at a time, in the order of their labels."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.errors import SearchError


def in_order(names: Iterable[str], where: str) -> tuple[str, ...]:
    """The names of classes in the order of their labels: numbers by number, texts by text.

    where: they come from, for errors
    Raises SearchError for one class alone, and for numbers with gaps.
    """
    found = sorted(names)
    if len(found) < 2:
        raise SearchError(f"{where}: there is one class only.  two or more are needed")
    if not all(name.isdecimal() for name in found):
        return tuple(found)
    numbers = sorted(map(int, found))
    if gap := set(range(len(numbers))) - set(numbers):
        raise SearchError(
            f"{where}: there is class {numbers[-1]}, and no image of class {min(gap)}.  number the "
            "classes from 0 without gaps"
        )
    return tuple(sorted(found, key=int))
