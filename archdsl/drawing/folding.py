"""Blocks that come again and again, written once."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)

LONGEST = 4
"""Of a sequence that is taken for a pattern; as many blocks have room in a line of a picture."""


@dataclass(frozen=True, slots=True)
class Again(Generic[T]):
    """Items that come one after another, and all of them so many times.

    items: each with how often it comes in a row; times: how often all of them do
    """

    items: tuple[tuple[T, int], ...]
    times: int = 1

    @property
    def length(self) -> int:
        """How many there are when they are written out."""
        return self.times * sum(count for _, count in self.items)


def folded(items: Sequence[T]) -> Iterator[Again[T]]:
    """A sequence with what repeats in it as one, from the front; it unfolds to itself.

    >>> [(one.items, one.times) for one in folded("aabababac")]
    [((('a', 2),), 1), ((('b', 1), ('a', 1)), 3), ((('c', 1),), 1)]
    """
    at = 0
    while at < len(items):
        period, times = _best(items, at)
        pattern = tuple(_in_a_row(items[at : at + period]))
        if len(pattern) == 1:  # a b b b is one b of three
            yield Again(((pattern[0][0], pattern[0][1] * times),))
        else:
            yield Again(pattern, times)
        at += period * times


def _best(items: Sequence[T], at: int) -> tuple[int, int]:
    """The period, and how often it comes, that leave least to be written."""
    best, saved = (1, 1), 0
    for period in range(1, min(LONGEST, len(items) - at) + 1):
        first = items[at : at + period]
        times = 1
        while items[at + times * period : at + (times + 1) * period] == first:
            times += 1
        if (times - 1) * period > saved:
            best, saved = (period, times), (times - 1) * period
    return best


def _in_a_row(items: Sequence[T]) -> Iterator[tuple[T, int]]:
    at = 0
    while at < len(items):
        count = 1
        while at + count < len(items) and items[at + count] == items[at]:
            count += 1
        yield items[at], count
        at += count
