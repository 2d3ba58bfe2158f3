"""The answers of some trials as numbers, from the record alone: neither space nor code is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from archdsl.components.options import written
from archdsl.study.trial import Trial

Codes = NDArray[np.int64]
Floats = NDArray[np.float64]

UNASKED = -1

_BY_CHANCE = 1e-6
"""How unlikely it has to be that an answer leaves a decision out by chance alone."""


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Which answer each trial gives to each decision.

    addresses: of the decisions, in their order; answers: of each, as they are written, in theirs
    codes: (trials, decisions), the place of the answer among them, `UNASKED` where there is none
    """

    addresses: tuple[str, ...]
    answers: tuple[tuple[str, ...], ...]
    codes: Codes

    def of(self, rows: Codes) -> AnswerTable:
        """The same decisions and answers for some of the trials."""
        return AnswerTable(self.addresses, self.answers, self.codes[rows])

    def indicators(self) -> tuple[Codes, Floats]:
        """The decision of each column, and rows of zeros and ones.

        A column for each answer of each decision and, after all of them, one for each decision
        that is 1 where it is not asked; so that each decision has one column that is 1.
        """
        sizes = [len(one) for one in self.answers]
        decisions = np.arange(len(sizes))
        groups = np.concatenate([np.repeat(decisions, sizes), decisions])
        each = [place for size in sizes for place in range(size)]
        within = np.array([*each, *[UNASKED] * len(sizes)], np.int64)
        return groups, (self.codes[:, groups] == within).astype(float)

    def following(self, decision: int) -> list[int]:
        """The decisions that are asked or not by the answer to this one, as far as trials show it.

        Such a one is asked only where this one is, and never with one of its answers: of a
        decision below this one in its place of the spec that is enough, of any other it must be
        beyond chance.
        """
        own = self.codes[:, decision]
        asked = self.codes[own != UNASKED] != UNASKED
        only_here = asked.sum(axis=0) == (self.codes != UNASKED).sum(axis=0)
        shares = asked.mean(axis=0) if len(asked) else np.zeros(len(self.addresses))
        below = np.array([_is_below(one, self.addresses[decision]) for one in self.addresses])
        follows = np.zeros(len(self.addresses), bool)
        for code in range(len(self.answers[decision])):
            given = self.codes[own == code] != UNASKED
            chance = (1 - shares) ** len(given)
            follows |= (len(given) > 0) & ~given.any(axis=0) & (below | (chance < _BY_CHANCE))
        follows &= only_here & (shares > 0)
        follows[decision] = False
        return np.flatnonzero(follows).tolist()


def answers_of(trials: Sequence[Trial]) -> AnswerTable:
    """Those of some trials, for each decision that any of them takes."""
    given: dict[str, dict[str, int]] = {}
    # an answer that is a mapping cannot be looked up as it is, and few are
    texts: dict[tuple[type, object], str] = {}
    rows = []
    for trial in trials:
        row = []
        for address, answer in trial.decisions.items():
            key = (type(answer), answer) if isinstance(answer, (str, int, float)) else None
            text = written(answer) if key is None else texts.get(key)
            if text is None:
                text = texts.setdefault((type(answer), answer), written(answer))
            known = given.setdefault(address, {})
            row.append((address, known.setdefault(text, len(known))))
        rows.append(row)
    addresses = sorted(given, key=natural)
    columns = {address: column for column, address in enumerate(addresses)}
    codes = np.full((len(rows), len(addresses)), UNASKED)
    # all at once: an array that is written to one by one takes most of the time
    flat = [index * len(addresses) + columns[a] for index, row in enumerate(rows) for a, _ in row]
    codes.flat[flat] = [code for row in rows for _, code in row]
    ordered = []
    for column, address in enumerate(addresses):
        order = sorted(given[address], key=by_size)
        place = np.array([*(order.index(text) for text in given[address]), UNASKED])
        codes[:, column] = place[codes[:, column]]
        ordered.append(tuple(order))
    return AnswerTable(tuple(addresses), tuple(ordered), codes)


def by_size(answer: str) -> tuple[bool, float, str]:
    """The order of answers: numbers by size before words by the alphabet."""
    try:
        return False, float(answer), answer
    except ValueError:
        return True, 0.0, answer


def natural(address: str) -> list[tuple[bool, int, str]]:
    """The order of addresses: stages.2 before stages.10."""
    return [
        (not part.isdigit(), int(part) if part.isdigit() else 0, part)
        for part in address.split(".")
    ]


def _is_below(address: str, other: str) -> bool:
    """Whether an address is inside the other, or in the same place of the spec or inside that."""
    place = other.rpartition(".")[0]
    return address.startswith(f"{other}.") or (bool(place) and address.startswith(f"{place}."))
