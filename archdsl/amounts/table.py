"""The kinds of cost, in one table.

A cost of a network is what its layers cost, added up, or the most that any of them costs. That
is all that the rest of the house knows of it: a kind that is registered can be counted, bounded
by a budget, made an objective of, and recorded, as those that are built in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

from archdsl.errors import CountError
from archdsl.units import amount


class MeasuredLayer(Protocol):
    """A layer as it was measured, at batch 1: what a kind tells its amount from."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of its contractions, deployed."""

    @property
    def params(self) -> int:
        """Parameters of its deployed form."""

    @property
    def train_params(self) -> int:
        """Parameters before folding."""

    @property
    def in_shape(self) -> tuple[int, int, int]:
        """(C, H, W) before it."""

    @property
    def out_shape(self) -> tuple[int, int, int]:
        """(C, H, W) after it."""

    @property
    def activations(self) -> int:
        """Elements that go in and come out."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of cost.

    name: as budgets, objectives and records name it
    combine: "sum" of all layers, or "max": the most of any one of them
    unit: what it is counted in
    of: the amount of one layer, an integer from 0 that follows from its measures alone
    write: an amount in a table for people
    bounded: whether budgets and objectives speak of it; the others are told beside
    """

    name: str
    combine: Literal["sum", "max"]
    unit: str
    of: Callable[[MeasuredLayer], int]
    write: Callable[[int], str] = amount
    bounded: bool = True

    @property
    def heading(self) -> str:
        """Over a column: `MACs`, `traffic (bytes)`; the unit alone where it says the name."""
        return self.unit if self.unit.lower() == self.name else f"{self.name} ({self.unit})"

    def both(self, one: int, other: int) -> int:
        """What two parts cost together."""
        return one + other if self.combine == "sum" else max(one, other)

    def all(self, parts: Iterable[int]) -> int:
        """What parts cost together, of which there is one at least."""
        return sum(parts) if self.combine == "sum" else max(parts)

    def times(self, own: int, count: int) -> int:
        """What `count` equal parts cost together."""
        if self.combine == "sum":
            return own * count
        return own if count else 0

    def measured(self, layer: MeasuredLayer, address: str) -> int:
        """What a layer costs. Raises CountError where that is no integer from 0."""
        found = self.of(layer)
        if type(found) is not int or found < 0:
            raise CountError(
                f"{address}: its {self.name} is {found!r}, and a cost is an integer from 0.  mend "
                f"the kind '{self.name}'"
            )
        return found


_table: list[Kind] = [
    Kind("macs", "sum", "MACs", lambda layer: layer.macs),
    Kind("params", "sum", "params", lambda layer: layer.params),
    Kind("train_params", "sum", "params", lambda layer: layer.train_params, bounded=False),
    Kind("activations", "max", "activations", lambda layer: layer.activations),
]


def kinds() -> tuple[Kind, ...]:
    """Every kind, in the order in which vectors of amounts have them."""
    return tuple(_table)


def kind(name: str) -> Kind:
    """The kind of this name, which is one."""
    return next(one for one in _table if one.name == name)


def names() -> tuple[str, ...]:
    """The names of all kinds, in their order."""
    return tuple(one.name for one in _table)


def additive() -> tuple[str, ...]:
    """The names of those that are sums over layers."""
    return tuple(one.name for one in _table if one.combine == "sum")


def maximal() -> tuple[str, ...]:
    """The names of those that are the most of any layer."""
    return tuple(one.name for one in _table if one.combine == "max")


def bounded() -> tuple[str, ...]:
    """The names of those that budgets and objectives speak of."""
    return tuple(one.name for one in _table if one.bounded)


def written(name: str, number: int) -> str:
    """An amount of a kind for people; in a record there may be kinds that are not registered."""
    write = next((one.write for one in _table if one.name == name), amount)
    return write(number)


def register(new: Kind) -> Kind:
    """Put a kind at the end of the table.

    Spaces that are open have measured their layers without it: register before one is made.
    Raises CountError for a name that is taken or is no name.
    """
    if new.name in names():
        raise CountError(f"a cost is called '{new.name}' already.  choose another name")
    if not new.name.isidentifier():
        raise CountError(f"'{new.name}' is no name of a cost.  write a word, as  traffic")
    _table.append(new)
    return new
