"""One pass over a circuit: how the weight of all members is spread over their costs.

Costs are rounded to a grid where an exact one would have too many cells. What rounding can have
done is known for every part, so that a member inside the budget is never taken for one outside:
the cells that may hold one are a superset, and drawing from it and looking at the exact integers
leaves the distribution as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from archdsl.settings import COSTS
from archdsl.spaces.circuit import Both, Case, Choice, Edge, InBlock, Node, StageBlocks, key_of
from archdsl.spaces.distribution import (
    Distribution,
    Keys,
    TooLarge,
    convolved,
    gathered,
    mixed,
)
from archdsl.spaces.grid import SUMS, Grid, Ints
from archdsl.spaces.hull import Point
from archdsl.spaces.surroundings import Surroundings
from archdsl.spaces.ways import Record
from archdsl.spec.holes import Answer

Masks: TypeAlias = "dict[int, Distribution]"
"""Bits of the shared answers that were asked -> distribution."""

_FREE = int(np.iinfo(np.int64).max)

Limits: TypeAlias = "Mapping[str, tuple[int, int]]"
"""Cost -> (low, high), both inside."""


@dataclass(frozen=True, slots=True, eq=False)
class Value:
    """What is known of a node: true cost minus what its key says is within `low` to `high`."""

    masks: Masks
    low: Ints
    high: Ints


ELSEWHERE = InBlock(Choice(()), ())
"""Any block whose answers have no weights of their own: all of them are alike."""


class Weighing:
    """How much each answer weighs; a member weighs the product over its answers.

    each: address and answer -> weight, where every answer of every block weighs alike
    by_address: address -> answer -> weight; takes precedence. What is missing weighs nothing
    """

    def __init__(
        self,
        each: Callable[[str, Answer], float] | None = None,
        by_address: Mapping[str, Mapping[Any, float]] | None = None,
    ) -> None:
        self.each = each
        self.by_address = dict(by_address or {})
        self._blocks = tuple(a for a in self.by_address if ".blocks." in a)
        self._places: dict[tuple[tuple[str, str], ...], InBlock] = {}
        self._moved: dict[tuple[tuple[tuple[str, str], ...], str], Mapping[Any, float] | None] = {}

    @property
    def trivial(self) -> bool:
        """Whether everything weighs 1."""
        return self.each is None and not self.by_address

    def of(self, record: Record, block: InBlock | None) -> float:
        """The weight of some answers."""
        if self.trivial:
            return 1
        total = 1.0
        for address, answer in record:
            given = None
            if block is not ELSEWHERE:
                given = self._given(address, block)
            if given is not None:
                total *= given.get(answer, 0.0)
            elif self.each is not None:
                total *= self.each(address, answer)
        return total

    def _given(self, address: str, block: InBlock | None) -> Mapping[Any, float] | None:
        if block is None:
            return self.by_address.get(address)
        key = block.moves, address
        if key not in self._moved:
            self._moved[key] = self.by_address.get(block.moved(address))
        return self._moved[key]

    def place(self, block: InBlock | None) -> InBlock | None:
        """A block whose answers have weights of their own, or else the one for all others."""
        if block is None or block is ELSEWHERE:
            return block
        known = self._places.get(block.moves)
        if known is None:
            own = any(a.startswith(here) for _, here in block.moves for a in self._blocks)
            known = self._places[block.moves] = block if own else ELSEWHERE
        return known


@dataclass(slots=True, eq=False)
class Programme:
    """Distributions for every node of a circuit.

    limits: what the budget is; what is over it before a member is whole is left out, the rest is
        for the caller to look at
    exact: count in Python's integers; floating point is exact up to 2**53
    effort: how many sums may be formed before TooLarge is raised
    narrow: leave out from the start what cannot come inside the limits, whatever the rest of a
        member is; what is left is less, and enough to count what is inside
    prices: of macs and params; by their sums more is known to be outside, where both are limited
    """

    cases: Sequence[Case]
    grid: Grid
    weighing: Weighing = field(default_factory=Weighing)
    limits: Limits = field(default_factory=dict)
    exact: bool = False
    effort: int = 1 << 40
    narrow: bool = False
    prices: Sequence[Point] = ()
    _faces: Faces | None = None
    _known: dict[tuple[int, Any], Value] = field(default_factory=dict)

    def case(self, case: Case) -> tuple[Distribution, Value]:
        """The distribution of one case's members."""
        value = self.value(case.node)
        found = value.masks.get(case.needed)
        weight = self.weighing.of(case.shared, None)
        if found is None or weight == 0:
            found = Distribution(np.zeros(0, np.int64), np.zeros(0, self.dtype))
        return found.shifted(0, weight), value

    @property
    def dtype(self) -> Any:
        """What weights are kept in."""
        return object if self.exact else np.float64

    def value(self, node: Node, block: InBlock | None = None) -> Value:
        """The distribution of a node, remembered. block: where a part of a block stands."""
        key = key_of(node, block)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._trimmed(self._value(node, block), node, block)
        return found

    def _trimmed(self, value: Value, node: Node, block: InBlock | None) -> Value:
        """Without what is outside the budget already, by what else a member costs at least."""
        names = self.grid.names
        if not any(name in self.limits for name in names):
            return value
        if self.narrow and self._faces is None:
            self._faces = Faces(self)
        masks: Masks = {}
        inside = _is_inside(node)
        for mask, found in value.masks.items():
            within = self._within(found.keys, value.low, inside)
            if within is not None:
                found = Distribution(found.keys[within], found.weights[within])
            if self._faces is not None:
                costs = self.grid.costs(found.keys, inside)
                kept = self._faces.within(node, block, costs, value)
                found = Distribution(found.keys[kept], found.weights[kept])
            if len(found.keys):
                masks[mask] = found
        return Value(masks, value.low, value.high)

    def _within(self, keys: Keys, low: Ints, inside: bool) -> Any:
        """Which keys may belong to a member inside the budget; None for all of them."""
        most = [self.limits.get(name, (0, _FREE))[1] for name in self.grid.names]
        if len(most) == 1:  # keys ascend with the cost
            end = int(np.searchsorted(keys, self.grid.last(most[0] - int(low[0]), inside), "right"))
            return None if end == len(keys) else slice(end)
        within = (self.grid.costs(keys, inside) + low <= most).all(axis=1)
        return None if within.all() else within

    def _value(self, node: Node, block: InBlock | None) -> Value:
        match node:
            case InBlock():
                return self.value(node.node, self.weighing.place(node))
            case StageBlocks():
                return self._coarser(self.value(node.node, block))
            case Both():
                return self._both(self.value(node.one, block), self.value(node.other, block))
            case Choice():
                return self._choice(node, block)

    def _both(self, one: Value, other: Value) -> Value:
        parts: dict[int, list[Distribution]] = {}
        for left, first in one.masks.items():
            for right, second in other.masks.items():
                self.effort -= len(first.keys) * len(second.keys)
                if self.effort < 0:
                    raise TooLarge
                parts.setdefault(left | right, []).append(convolved(first, second))
        masks = {mask: mixed(several) for mask, several in parts.items()}
        return Value(masks, one.low + other.low, one.high + other.high)

    def _choice(self, node: Choice, block: InBlock | None) -> Value:
        edges, weights = self.weighed(node, block)
        width = len(self.grid.names)
        if not edges:
            return Value({}, np.zeros(width, np.int64), np.zeros(width, np.int64))
        keys, errors = self.keys(edges, node.inside)
        parts: dict[int, list[Distribution]] = {}
        leaves: dict[int, list[int]] = {}
        lows, highs = [], []
        for index, edge in enumerate(edges):
            if edge.then is None:
                leaves.setdefault(edge.asked, []).append(index)
                lows.append(errors[index])
                highs.append(errors[index])
                continue
            then = self.value(edge.then, block)
            lows.append(errors[index] + then.low)
            highs.append(errors[index] + then.high)
            for mask, found in then.masks.items():
                self.effort -= len(found.keys)
                moved = found.shifted(int(keys[index]), weights[index])
                parts.setdefault(mask | edge.asked, []).append(moved)
        listed = np.array(weights, self.dtype)
        for mask, several in leaves.items():
            parts.setdefault(mask, []).append(gathered(keys[several], listed[several]))
        if self.effort < 0:
            raise TooLarge
        masks = {mask: mixed(several) for mask, several in parts.items()}
        return Value(masks, np.min(lows, axis=0), np.max(highs, axis=0))

    def weighed(self, node: Choice, block: InBlock | None) -> tuple[list[Edge], list[float]]:
        """The edges that weigh anything, and what they weigh."""
        edges, weights = [], []
        highest = [(COSTS.index(name), high) for name, (_, high) in self.limits.items()]
        for edge in node.edges:
            # what is over the budget by itself would have a key beyond the grid's side, which is
            # the key of something else
            if any(edge.amounts[index] > high for index, high in highest):
                continue
            weight = self.weighing.of(edge.own, block)
            if weight:
                edges.append(edge)
                weights.append(weight)
        return edges, weights

    def keys(self, edges: list[Edge], inside: bool) -> tuple[Any, Any]:
        """The keys of edges, and their true cost minus what the keys say."""
        costs = np.array([self.grid.amounts(edge.amounts) for edge in edges], np.int64)
        keys = self.grid.key(costs, inside)
        return keys, costs - self.grid.costs(keys, inside)

    def coarse(self, keys: Any) -> Any:
        """Keys inside a stage as keys outside."""
        return self.grid.key(self.grid.costs(keys, True), False)

    def _coarser(self, value: Value) -> Value:
        if self.grid.finer == 1:
            return value
        masks: Masks = {}
        low, high = [np.zeros_like(value.low)], [np.zeros_like(value.high)]
        for mask, found in value.masks.items():
            if not len(found.keys):
                continue
            keys = self.coarse(found.keys)
            error = self.grid.costs(found.keys, True) - self.grid.costs(keys, False)
            low.append(error.min(axis=0))
            high.append(error.max(axis=0))
            masks[mask] = gathered(keys, found.weights)
        return Value(masks, value.low + np.min(low, axis=0), value.high + np.max(high, axis=0))


class Faces:
    """What prices say of a budget: which sums of costs no part of a member inside can have."""

    def __init__(self, programme: Programme) -> None:
        names = programme.grid.names
        own = [
            tuple(int(one == name) for one in SUMS) for name in names if name in programme.limits
        ]
        prices = np.array([*own, *programme.prices], np.int64)
        self._around = Surroundings(programme, prices)
        self._prices = prices[:, [SUMS.index(name) for name in names]]
        limits = np.array([programme.limits.get(name, (0, 0)) for name in names], np.int64)
        self._least = _least(self._prices, limits[:, 0], limits[:, 1])
        self._most = -_least(-self._prices, limits[:, 0], limits[:, 1])

    def within(self, node: Node, block: InBlock | None, costs: Ints, value: Value) -> Any:
        """Which costs (n, d) of a node may be part of a member inside."""
        outside = self._around.outside(node, block)
        if outside is None:
            return np.zeros(len(costs), bool)
        low, high = outside
        sums = costs @ self._prices.T
        least = low + _least(self._prices, value.low, value.high)
        most = high - _least(-self._prices, value.low, value.high)
        return ((sums + least <= self._most) & (sums + most >= self._least)).all(axis=1)


def _least(prices: Ints, low: Ints, high: Ints) -> Ints:
    """What costs between low and high (d,) come to at least, by price (n,)."""
    return np.asarray(np.minimum(prices * low, prices * high).sum(axis=1))


def _is_inside(node: Node) -> bool:
    """Whether a node's keys are those inside a stage."""
    match node:
        case Choice():
            return node.inside
        case Both():
            return _is_inside(node.one)
        case InBlock():
            return True
        case StageBlocks():
            return False
