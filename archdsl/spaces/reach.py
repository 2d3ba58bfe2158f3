"""Which shared answers lead to which map: a part is read with no others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from archdsl.language.holes import Answer

Record: TypeAlias = "tuple[tuple[str, Answer], ...]"
"""Answers by address, in the order in which they were asked."""

MOST = 1 << 16
"""Combinations that lead to one map and are told apart; of more, nothing is known and nothing is
left out. Shipped spaces have one. A dim that is a sum of thirteen params of two answers has 1,716,
and the space is read in 14 s, as it is where only 100 are told apart."""


class Records:
    """Combinations of shared answers, each of which leads to a map.

    One that does not ask a question leads there whatever the answer to it is.
    """

    def __init__(self, records: Iterable[Record] = ((),)) -> None:
        distinct = {frozenset((a, type(v), v) for a, v in one): one for one in records}
        self.records = list(distinct.values()) if len(distinct) <= MOST else [()]
        self.all = (1 << len(self.records)) - 1
        # bits of the records that ask, and that answer so
        self._asking: dict[str, int] = defaultdict(int)
        self._answering: dict[tuple[str, type, Answer], int] = defaultdict(int)
        for index, record in enumerate(self.records):
            for address, answer in record:
                self._asking[address] |= 1 << index
                self._answering[address, type(answer), answer] |= 1 << index

    def narrowed(self, left: int, address: str, answer: Answer) -> int:
        """The records of `left` that agree with an answer. left: bits, `all` to begin with."""
        if address not in self._asking:
            return left
        agreeing = self._answering.get((address, type(answer), answer), 0)
        return left & (agreeing | ~self._asking[address])

    def extended(self, record: Record) -> Iterator[Record]:
        """Each that agrees with a record, and the record."""
        left = self.all
        for address, answer in record:
            left = self.narrowed(left, address, answer)
        for index, known in enumerate(self.records):
            if left >> index & 1:
                yield tuple((dict(known) | dict(record)).items())
