"""Amounts of many things at once, as int64 arrays whose last axis is the kinds in their order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts.table import Kind, kinds, names
from archdsl.amounts.vectors import Amounts

Ints: TypeAlias = NDArray[np.int64]


def zeros(count: int) -> Ints:
    """(count, kinds): nothing, so many times."""
    return np.zeros((count, len(kinds())), np.int64)


def stacked(rows: Iterable[Amounts]) -> Ints:
    """(n, kinds) of n tuples; of none, too."""
    return np.array(list(rows), np.int64).reshape(-1, len(kinds()))


def combined(one: Ints, other: Ints) -> Ints:
    """What two parts cost together, each of (..., kinds); shapes broadcast."""
    return np.asarray(np.where(_adding(kinds()), one + other, np.maximum(one, other)))


def combined_all(rows: Ints) -> Ints:
    """(n, kinds) to (kinds,): what all rows cost together."""
    if not len(rows):
        return np.zeros(len(kinds()), np.int64)
    return np.asarray(np.where(_adding(kinds()), rows.sum(axis=0), rows.max(axis=0)))


def combine_into(into: Ints, where: NDArray[np.int64] | slice, rows: Ints) -> None:
    """Add a part to some of the rows of `into`, in place.

    where: indices, each once; rows: (n, kinds), a part for each of them
    """
    into[where] = combined(into[where], rows)


def column(rows: Ints, name: str) -> Ints:
    """(..., kinds) to (...): the amounts of one kind."""
    return rows[..., names().index(name)]


def columns(rows: Ints, chosen: Sequence[str]) -> Ints:
    """(..., kinds) to (..., chosen): the amounts of some kinds, in the order that is given."""
    order = names()
    return rows[..., [order.index(name) for name in chosen]]


def by_name(rows: Ints) -> dict[str, Ints]:
    """(n, kinds) to name -> (n,), in the order of the table."""
    return {name: column(rows, name) for name in names()}


def tuples(rows: Ints) -> list[Amounts]:
    """(n, kinds) to n tuples of Python's integers."""
    return [tuple(row) for row in rows.tolist()]


@lru_cache(maxsize=8)
def _adding(table: tuple[Kind, ...]) -> NDArray[np.bool_]:
    return np.array([kind.combine == "sum" for kind in table])
