"""Amounts of all kinds at once, as plain tuples in the order of the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from archdsl.amounts.table import MeasuredLayer, kinds, names

Amounts: TypeAlias = "tuple[int, ...]"
"""What something costs: an amount of every kind, in the order of `kinds()`."""


def nothing() -> Amounts:
    """The cost of no layer at all."""
    return (0,) * len(kinds())


def of_layer(layer: MeasuredLayer, address: str = "a layer") -> Amounts:
    """What a measured layer costs. Raises CountError, with its address, for what is no amount."""
    return tuple(kind.measured(layer, address) for kind in kinds())


def combine(one: Amounts, other: Amounts) -> Amounts:
    """What two parts cost together."""
    return tuple(kind.both(own, its) for kind, own, its in zip(kinds(), one, other, strict=True))


def total(parts: Iterable[Amounts]) -> Amounts:
    """What parts cost together; nothing where there are none."""
    columns = zip(nothing(), *parts, strict=True)
    return tuple(kind.all(column) for kind, column in zip(kinds(), columns, strict=True))


def times(amounts: Amounts, count: int) -> Amounts:
    """What `count` equal parts cost together."""
    return tuple(kind.times(own, count) for kind, own in zip(kinds(), amounts, strict=True))


def named(amounts: Amounts) -> dict[str, int]:
    """Amounts by name, in the order of the table."""
    return dict(zip(names(), amounts, strict=True))
