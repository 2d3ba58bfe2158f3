"""From the keys of many members back to their answers: a circuit walked from the top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts.arrays import Ints, combine_into, zeros
from archdsl.language.holes import Answer
from archdsl.spaces.circuit.circuit import NONE, BlockNode, Moves, Product, StageNode, Sum, moved
from archdsl.spaces.histogram.inside import Histograms
from archdsl.spaces.histogram.sparse import Histogram, Keys, Lookup
from archdsl.spaces.reach import Record

BATCH = 1_024
"""Members that are walked at once: the matrices of their alternatives have to fit memory. On
metaformer_224 ten times as many are no faster, and the matrices are ten times as large."""

_ALIKE = 256
"""Members from which on those with the same key are looked at together. 10,000 draws from
metaformer_224 below 2 G MACs take about as long with ten times as many and with a tenth."""

Places: TypeAlias = NDArray[np.int64]
_Given: TypeAlias = "tuple[Places, Places, Sequence[Record]]"
_Here: TypeAlias = "tuple[int, Keys, Places, Moves | None]"
"""A node, the keys that members have there, who they are, and the block that it stands in."""


@dataclass(slots=True, eq=False)
class TracedMembers:
    """Members as they come together.

    amounts: exact, of every kind (n, kinds)
    """

    amounts: Ints
    _given: list[_Given] = field(default_factory=list)

    def add(self, who: Places, amounts: Ints, place: Places, records: Sequence[Record]) -> None:
        """For each of the members `who` the edge at `place`, of those with these records."""
        combine_into(self.amounts, who, amounts[place])
        if any(records):
            self._given.append((who, place, records))

    def answers(self) -> list[dict[str, Answer]]:
        """The answers of every member."""
        found: list[dict[str, Answer]] = [{} for _ in self.amounts]
        for who, place, records in self._given:
            for index, number in zip(who.tolist(), place.tolist(), strict=True):
                found[index].update(records[number])
        return found


def traced(count: int) -> TracedMembers:
    """Nothing known of `count` members."""
    return TracedMembers(zeros(count))


class Walk:
    """Chooses, for members with given keys, what led there, each alternative as often as it weighs.

    What the histograms say of a node is laid out for it when the node is first come to.
    """

    def __init__(self, histograms: Histograms) -> None:
        self._histograms = histograms
        self._made: dict[int, Any] = {}
        self._records: dict[tuple[int, Moves], list[Record]] = {}
        self._lookups: dict[int, Lookup] = {}

    def down(
        self, edge: int, keys: Keys, who: Places, into: TracedMembers, draws: np.random.Generator
    ) -> None:
        """Add the answers and costs of the members `who`, of one edge of the root, whose keys
        are `keys`."""
        root = self._histograms.circuit.root
        into.add(who, root.amounts, np.full(len(who), edge), root.answers)
        left: list[_Here] = [(root.then[edge], keys, who, None)]
        while left:  # the last that was put there comes first: down to the leaves of one part
            at, keys, who, block = left.pop()
            match self._histograms.circuit.nodes[at]:
                case Sum() as node:
                    left += reversed(self._sum(at, node, keys, who, block, into, draws))
                case Product() as node:
                    terms = self._laid_out(at, partial(_Terms, self, node))
                    firsts = terms.offsets[_columns(terms.weights, keys, draws)]
                    left.append((terms.large, keys - firsts, who, block))
                    left.append((terms.small, firsts, who, block))
                case BlockNode() as node:
                    left.append((node.then, keys, who, node.moves))
                case StageNode() as node:
                    if self._histograms.grid.finer > 1:
                        fine, items = self._laid_out(at, partial(self._cells, node))
                        keys = fine[items.pick(keys, draws)]
                    left.append((node.then, keys, who, block))

    def _sum(
        self, at: int, node: Sum, keys: Keys, who: Places, block: Moves | None, into: TracedMembers,
        draws: np.random.Generator,
    ) -> list[_Here]:  # fmt: skip
        edges = self._laid_out(at, partial(_Edges, self, node))
        records = node.answers if block is None else self._moved(at, node, block)
        if edges.items is not None:
            into.add(who, node.amounts, edges.items.pick(keys, draws), records)
            return []
        place = _columns(edges.weights, keys, draws)
        into.add(who, node.amounts, place, records)
        return [
            (node.then[number], keys[here] - edges.keys[number], who[here], block)
            for number, here in _split(place) if node.then[number] != NONE
        ]  # fmt: skip

    def _laid_out(self, at: int, make: Callable[[], Any]) -> Any:
        found = self._made.get(at)
        if found is None:
            found = self._made[at] = make()
        return found

    def _moved(self, at: int, node: Sum, block: Moves) -> list[Record]:
        """What each edge answers in a block."""
        key = at, block
        found = self._records.get(key)
        if found is None:
            found = self._records[key] = [
                tuple((moved(address, block), answer) for address, answer in own)
                for own in node.answers
            ]
        return found

    def _cells(self, node: StageNode) -> tuple[Keys, Items]:
        """The fine cells of a stage, by the coarse ones."""
        found = self.found(node.then)
        coarse, weights, _ = self._histograms.coarse(found)
        return found.keys, Items(coarse, weights)

    def found(self, at: int) -> Histogram:
        """The histogram of a node."""
        value = self._histograms.values[at]
        assert value is not None, "members come through it"
        return value.found

    def lookup(self, at: int) -> Lookup:
        """The histogram of a node, to be looked up."""
        known = self._lookups.get(at)
        if known is None:
            known = self._lookups[at] = Lookup(self.found(at))
        return known

    def leaves(self, node: Sum) -> Any:
        """The leaves of a sum on the grid."""
        return self._histograms.leaves(node)


class _Edges:
    """The edges of a sum. items: by key, where nothing follows any; keys: their own."""

    def __init__(self, walk: Walk, node: Sum) -> None:
        leaves = walk.leaves(node)
        self.keys = leaves.keys
        self.items: Items | None = None
        if all(then == NONE for then in node.then):
            self.items = Items(leaves.keys, leaves.weights)
            return
        then = [None if at == NONE else walk.lookup(at) for at in node.then]
        exponents = [0 if its is None else its.found.exponent for its in then]
        scales = np.ldexp(leaves.weights, np.array(exponents) - max(exponents))
        self._rows = list(zip(leaves.keys.tolist(), scales.tolist(), then, strict=True))

    def weights(self, keys: Keys) -> Any:
        """(n,) keys to the (n, edges) weights of the edges."""
        found = np.empty((len(keys), len(self._rows)))
        for column, (own, weight, then) in enumerate(self._rows):
            found[:, column] = weight * (keys == own if then is None else then.at(keys - own))
        return found


class _Terms:
    """The terms of a convolution: a key as the sum of those of two independent parts.

    small, large: the parts, the one with fewer keys first
    offsets: the small part's key in each term
    """

    def __init__(self, walk: Walk, node: Product) -> None:
        swap = len(walk.found(node.one).keys) > len(walk.found(node.other).keys)
        self.small, self.large = (node.other, node.one) if swap else (node.one, node.other)
        self._found = walk.found(self.small)
        self._rest = walk.lookup(self.large)
        self.offsets = self._found.keys

    def weights(self, keys: Keys) -> Any:
        """(n,) keys to the (n, terms) weights of the terms."""
        return self._found.weights * self._rest.at(keys[:, None] - self.offsets)


class Items:
    """Things with a key and a weight each, of which one is drawn among those of a given key.

    keys, weights: (n,) in any order; weights above 0
    """

    def __init__(self, keys: Keys, weights: Any) -> None:
        self._order = np.argsort(keys, kind="stable")
        ordered, weighing = keys[self._order], np.asarray(weights, float)[self._order]
        self._keys, first, sizes = np.unique(ordered, return_index=True, return_counts=True)
        self._last = first + sizes - 1
        # group g has its weights between g and g + 1: a rare group is told as finely as any
        group = np.repeat(np.arange(len(self._keys)), sizes)
        totals = np.add.reduceat(weighing, first) if len(first) else weighing
        sums = np.cumsum(weighing / np.repeat(totals, sizes))
        self._sums = sums - np.repeat(sums[first] - (weighing / totals[group])[first], sizes)
        self._sums += group

    def pick(self, keys: Keys, draws: np.random.Generator) -> Places:
        """An item for each key, which some item has, as often as it weighs among its equals."""
        if len(self._order) == 1:
            return np.zeros(len(keys), np.int64)
        group = np.searchsorted(self._keys, keys)
        if len(self._order) == len(self._keys):
            return np.asarray(self._order[group])
        places = np.searchsorted(self._sums, group + draws.random(len(keys)), side="right")
        return np.asarray(self._order[np.minimum(places, self._last[group])])


def picked(weights: Any, draws: np.random.Generator, back: Places | None = None) -> Places:
    """A column for each row of `weights`, as often as it weighs in its row.

    back: the row for each draw, where rows are drawn from more than once
    """
    sums = np.cumsum(weights, axis=1)
    if back is not None:
        sums = sums[back]
    most = sums[:, -1:]
    goals = np.minimum(draws.random((len(sums), 1)) * most, np.nextafter(most, 0))
    return np.asarray((sums <= goals).sum(axis=1))


def _columns(weights: Callable[[Keys], Any], keys: Keys, draws: np.random.Generator) -> Places:
    """A column of the weights for each key, as often as it weighs in its row."""
    if len(keys) < _ALIKE:
        return picked(weights(keys), draws)
    distinct, back = np.unique(keys, return_inverse=True)
    return picked(weights(distinct), draws, back)


def _split(numbers: Places) -> list[tuple[int, Places]]:
    """Each number that occurs, and where."""
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers)
    ends = np.cumsum(counts)
    return [
        (number, order[ends[number] - counts[number] : ends[number]])
        for number in np.flatnonzero(counts).tolist()
    ]
