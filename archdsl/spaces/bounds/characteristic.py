"""The characteristic function of the members' costs: means of exp(2 pi i f cost / period).

Nothing is rounded to a grid for it, and where histograms would have to be convolved, numbers
are multiplied; so many frequencies are cheap, whatever the number of members and of distinct
costs. Members may be damped by their cost on the way.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts import names
from archdsl.spaces.bounds.majorants import Complex
from archdsl.spaces.circuit.circuit import Circuit, Product, Sum
from archdsl.spaces.circuit.fold import Algebra, fold
from archdsl.spaces.histogram.sparse import TooLarge

Costs: TypeAlias = "tuple[int, ...]"

_EPS = float(np.finfo(float).eps)
_TURN = 48 * _EPS
"""Error of the product of two turns: each has an angle of three roundings, a sine, a cosine."""

VAST = 1e290
"""Members whose number is beyond floating point, which ends at 1.8e308, or close to it."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A cost as the function sees it: in units, falling where its sign is -1, and damped.

    A member whose cost is `units` units weighs exp(-rate * sign * units).
    """

    name: str
    unit: int
    sign: int = 1
    rate: float = 0.0


@dataclass(frozen=True, slots=True)
class _Term:
    """A value times a weight and the turn of some costs; a slot of -1 is for the value 1."""

    costs: int
    weight: float
    slot: int


@dataclass(frozen=True, slots=True)
class _Sum:
    leaves: tuple[_Term, ...]
    terms: tuple[_Term, ...]


@dataclass(frozen=True, slots=True)
class _Product:
    one: int
    other: int


class CharacteristicFunction(Algebra[int]):
    """A circuit as sums and products, each once, in the order in which they can be made.

    total, base: all members weigh `total`, where one of costs `base` weighs 1
    error: how far a value may be from the true one, as a share of the total
    Raises TooLarge where a total is beyond floating point.
    """

    def __init__(self, circuit: Circuit, axes: Sequence[Axis]) -> None:
        self._axes = axes
        self._columns = [names().index(axis.name) for axis in axes]
        self._units = np.array([axis.unit for axis in axes], np.int64)
        self._signs = np.array([axis.sign for axis in axes], np.int64)
        self._nothing: Costs = (0,) * len(axes)
        self._costs: dict[Costs, int] = {}
        self._steps: list[_Sum | _Product] = []
        self._totals: list[float] = []
        self._bases: list[Costs] = []
        self._errors: list[float] = []
        self._slots: dict[Any, int] = {}
        root = None if circuit.empty else fold(circuit.nodes, self)[-1]
        self._root = -1 if root is None else root
        self.total = 0.0 if root is None else self._totals[root]
        self.base = self._nothing if root is None else self._bases[root]
        self.error = 0.0 if root is None else self._errors[root]
        self._done = self._last_uses()

    def sum(self, at: int, node: Sum, then: Sequence[int | None]) -> int:
        """The step that makes a sum."""
        costs = node.amounts[:, self._columns] // self._units * self._signs
        slots = [-1 if slot is None else slot for slot in then]
        return self._sum(list(zip(map(tuple, costs.tolist()), slots, strict=True)))

    def product(self, at: int, node: Product, one: int, other: int) -> int:
        """The step that makes a product."""
        return self._product(one, other)

    @property
    def effort(self) -> int:
        """About how many products of numbers a value takes."""
        return sum(
            1 if isinstance(step, _Product) else len(step.leaves) + 2 * len(step.terms)
            for step in self._steps
        )

    def _last_uses(self) -> list[list[int]]:
        """By step, the slots that no later one reads."""
        last: dict[int, int] = {}
        for index, step in enumerate(self._steps):
            for slot in _read(step):
                last[slot] = index
        done: list[list[int]] = [[] for _ in self._steps]
        for slot, index in last.items():
            done[index].append(slot)
        return done

    def _product(self, one: int, other: int) -> int:
        key = "product", *sorted((one, other))
        if key not in self._slots:
            self._slots[key] = self._add(
                _Product(one, other),
                self._totals[one] * self._totals[other],
                _plus(self._bases[one], self._bases[other]),
                self._errors[one] + self._errors[other] + 8 * _EPS,
            )
        return self._slots[key]

    def _sum(self, several: Sequence[tuple[Costs, int]]) -> int:
        counts: dict[tuple[Costs, int], int] = {}
        for one in several:
            counts[one] = counts.get(one, 0) + 1
        if len(counts) == 1:
            [((costs, slot), count)] = counts.items()
            if slot >= 0 and count == 1 and not any(costs):
                return slot
        key = "sum", *sorted(counts.items())
        if key not in self._slots:
            self._slots[key] = self._made_sum(counts)
        return self._slots[key]

    def _fall(self, costs: Costs) -> float:
        """By how much costs damp a member, as a logarithm."""
        return math.fsum(axis.rate * its for axis, its in zip(self._axes, costs, strict=True))

    def _made_sum(self, counts: dict[tuple[Costs, int], int]) -> int:
        lowest = [c if slot < 0 else _plus(c, self._bases[slot]) for c, slot in counts]
        base = min(lowest, key=self._fall)
        weights, errors = [], []
        for ((_, slot), count), own in zip(counts.items(), lowest, strict=True):
            further = tuple(here - there for here, there in zip(own, base, strict=True))
            weight = count * math.exp(-self._fall(further))
            weights.append(weight * (1 if slot < 0 else self._totals[slot]))
            rounded = 2 * sum(
                axis.rate * abs(its) for axis, its in zip(self._axes, further, strict=True)
            )
            errors.append((self._errors[slot] if slot >= 0 else 0.0) + (rounded + 8) * _EPS)
        total = math.fsum(weights)
        terms = [
            _Term(self._costs.setdefault(costs, len(self._costs)), weight / total, slot)
            for (costs, slot), weight in zip(counts, weights, strict=True)
        ]
        # a term that weighs next to nothing has a large error of its own, and a small share of it
        error = math.fsum(
            term.weight * min(error, 2.0) for term, error in zip(terms, errors, strict=True)
        )
        made = _Sum(
            tuple(term for term in terms if term.slot < 0),
            tuple(term for term in terms if term.slot >= 0),
        )
        return self._add(made, total, base, error + _TURN + (len(terms) + 8) * _EPS)

    def _add(self, step: _Sum | _Product, total: float, base: Costs, error: float) -> int:
        if total > VAST:
            raise TooLarge
        self._steps.append(step)
        self._totals.append(total)
        self._bases.append(base)
        self._errors.append(error)
        return len(self._steps) - 1

    def turns(self, axis: int, frequencies: NDArray[np.int64], period: int) -> Complex:
        """exp(2 pi i f cost / period) for every distinct cost and frequency: (costs, n).

        Angles are reduced in integers. period, frequencies: their product is below 2**62
        """
        costs = np.array([one[axis] for one in self._costs], np.int64) % period
        angles = costs[:, None] * frequencies[None, :] % period / period
        return np.asarray(np.exp(2j * np.pi * angles))

    def values(self, rows: Complex, columns: Complex) -> Complex:
        """The characteristic function where both turn each cost: (rows, columns), at most 1.

        rows: (costs, n) turns, columns: (costs, m) turns
        """
        made: list[Any] = [None] * len(self._steps)
        moves = [any(costs) for costs in self._costs]
        for index, step in enumerate(self._steps):
            if isinstance(step, _Product):
                made[index] = made[step.one] * made[step.other]
            else:
                total: Any = None
                if step.leaves:
                    places = [term.costs for term in step.leaves]
                    weights = np.array([[term.weight] for term in step.leaves])
                    total = (rows[places] * weights).T @ columns[places]
                for term in step.terms:
                    if moves[term.costs]:
                        part = (rows[term.costs] * term.weight)[:, None] * columns[term.costs]
                        part *= made[term.slot]
                    else:
                        part = made[term.slot] * term.weight
                    total = part if total is None else np.add(total, part, out=total)
                made[index] = total
            for slot in self._done[index]:
                made[slot] = None  # the blocks in use have to fit a processor's cache
        return np.asarray(made[self._root])


def _read(step: _Sum | _Product) -> list[int]:
    if isinstance(step, _Product):
        return [step.one, step.other]
    return [term.slot for term in step.terms]


def _plus(one: Costs, other: Costs) -> Costs:
    return tuple(a + b for a, b in zip(one, other, strict=True))
