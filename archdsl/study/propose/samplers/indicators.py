"""Answers as numbers: a column for every answer of every decision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archdsl.study.propose.samplers.base import Seen

if TYPE_CHECKING:
    from archdsl.spaces import Space

Matrix = NDArray[np.float64]


class Indicators:
    """1 where a member gives an answer and 0 elsewhere.

    answers: (address, answer) of each of the A columns, those of a decision side by side
    begins: the first column of each decision; sizes: how many columns each has
    """

    def __init__(self, space: Space) -> None:
        self.answers = [
            (address, answer)
            for address, hole in space.decisions.items()
            for answer in dict.fromkeys(hole.answers)
        ]
        self._columns = {item: column for column, item in enumerate(self.answers)}
        changes = [a != b for (a, _), (b, _) in pairwise(self.answers)]
        self.begins = np.flatnonzero([True, *changes]) if self.answers else np.zeros(0, np.int64)
        self.sizes = np.diff([*self.begins, len(self.answers)])
        self._known: dict[int, tuple[Seen, Matrix]] = {}

    def of(self, members: Iterable[Mapping[str, Any]]) -> Matrix:
        """The answers of some members: (n, A)."""
        given = list(members)
        found = np.zeros((len(given), len(self.answers)))
        for row, decisions in enumerate(given):
            found[row, [self._columns[item] for item in decisions.items()]] = 1
        return found

    def of_trials(self, trials: Iterable[Seen]) -> Matrix:
        """The answers of some trials, remembered until others are asked for."""
        given, known = list(trials), self._known
        self._known = {}
        for seen in given:
            row = known.get(seen.number)
            if row is None or row[0] is not seen:
                row = seen, self.of([seen.decisions])[0]
            self._known[seen.number] = row
        rows = [self._known[seen.number][1] for seen in given]
        return np.array(rows).reshape(len(rows), len(self.answers))

    def by_address(self, values: Matrix) -> dict[str, dict[Any, float]]:
        """(A,) values as address -> answer -> value."""
        found: dict[str, dict[Any, float]] = {}
        for (address, answer), value in zip(self.answers, values.tolist(), strict=True):
            found.setdefault(address, {})[answer] = value
        return found
