"""A budget: what the costs of an architecture may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from archdsl.amounts.table import names


class Costs(Protocol):
    """Amounts by name: a mapping, or the `Cost` of a network."""

    def __getitem__(self, name: str, /) -> int:
        """The amount of one kind."""


class Budget(Mapping[str, tuple[int, int]]):
    """Cost -> (low, high), both inside; what is not named is not bounded. Never changes.

    It reads as a mapping, in the order in which its bounds were written; two are equal where
    they bound the same.
    """

    __slots__ = ("_bounds", "_hash")

    def __init__(self, bounds: Mapping[str, tuple[int, int]] | None = None) -> None:
        self._bounds = {name: (low, high) for name, (low, high) in (bounds or {}).items()}
        self._hash: int | None = None

    def allows(self, cost: Costs) -> bool:
        """Whether every cost is within its bounds."""
        return all(low <= cost[name] <= high for name, (low, high) in self._bounds.items())

    def excess(self, cost: Costs) -> float:
        """How far a cost is outside, relative to the bounds; 0.0 exactly where it is inside."""
        total = 0.0
        for name, (low, high) in self._bounds.items():
            if cost[name] > high:
                total += (cost[name] - high) / max(high, 1)
            elif cost[name] < low:
                total += (low - cost[name]) / low
        return total

    def without(self, name: str) -> Budget:
        """The other bounds."""
        return Budget({one: bounds for one, bounds in self._bounds.items() if one != name})

    def only(self, chosen: Iterable[str]) -> Budget:
        """The bounds of some costs, which it has, in the order that is given."""
        return Budget({name: self._bounds[name] for name in chosen})

    def replaced(self, name: str, low: int, high: int) -> Budget:
        """With one cost bounded so, whatever bounded it before."""
        return Budget({**self._bounds, name: (low, high)})

    def __getitem__(self, name: str) -> tuple[int, int]:
        return self._bounds[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._bounds)

    def __len__(self) -> int:
        return len(self._bounds)

    def __hash__(self) -> int:
        if self._hash is None:
            self._hash = hash(frozenset(self._bounds.items()))
        return self._hash

    def __str__(self) -> str:
        """As a spec writes it, kinds in their order: `{macs: [1500000, 2000000], params: 900}`."""
        order = names()
        known = [name for name in order if name in self._bounds]
        others = sorted(name for name in self._bounds if name not in order)
        said = [f"{name}: {_written(*self._bounds[name])}" for name in (*known, *others)]
        return "{" + ", ".join(said) + "}"

    def __repr__(self) -> str:
        return f"Budget({self})"

    def __reduce__(self) -> tuple[type[Budget], tuple[dict[str, tuple[int, int]]]]:
        return Budget, (self._bounds,)


def _written(low: int, high: int) -> str:
    return f"[{low}, {high}]" if low else str(high)
