"""From the keys of many members back to their answers: a circuit walked downwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.spaces.circuit import Both, Case, Choice, InBlock, Node, StageBlocks, key_of
from archdsl.spaces.distribution import Distribution, Keys
from archdsl.spaces.lookup import Items, Places, Weight, picked
from archdsl.spaces.programme import Programme
from archdsl.spaces.ways import Record
from archdsl.spec.holes import Answer

BATCH = 1_024
"""Members that are walked at once: the matrices of their alternatives have to fit memory."""

_ALIKE = 256
"""Members from which on those with the same key are looked at together."""

_Moves: TypeAlias = "tuple[tuple[str, str], ...] | None"
_At: TypeAlias = "tuple[int, _Moves, int]"
"""A node, the block that its weights are those of, and the shared answers that it asks."""


@dataclass(slots=True, eq=False)
class Traced:
    """Members as they come together.

    amounts: exact macs, params and activations (n, 3)
    """

    amounts: NDArray[np.int64]
    _given: list[tuple[Places, Places, list[Record]]] = field(default_factory=list)

    def add(self, who: Places, amounts: NDArray[np.int64], place: Places, its: _Records) -> None:
        """For each of the members `who` the edge at `place`, of those with these records."""
        self.amounts[who, :2] += amounts[place, :2]
        self.amounts[who, 2] = np.maximum(self.amounts[who, 2], amounts[place, 2])
        if its.any:
            self._given.append((who, place, its.records))

    def answers(self) -> list[dict[str, Answer]]:
        """The answers of every member."""
        found: list[dict[str, Answer]] = [{} for _ in self.amounts]
        for who, place, records in self._given:
            for index, number in zip(who.tolist(), place.tolist(), strict=True):
                found[index].update(records[number])
        return found


def traced(count: int) -> Traced:
    """Nothing known of `count` members."""
    return Traced(np.zeros((count, 3), np.int64))


class Tracer:
    """Chooses, for members with given keys, what led there, each way as often as it weighs.

    What a programme says of a node is laid out for it when the node is first come to.
    """

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._choices: dict[_At, _Edges] = {}
        self._sums: dict[_At, _Sums] = {}
        self._cells: dict[_At, tuple[Keys, Items]] = {}
        self._records: dict[tuple[_At, _Moves], _Records] = {}
        self._weights: dict[int, Weight] = {}

    def walk(
        self, case: Case, keys: Keys, who: Places, into: Traced, draws: np.random.Generator
    ) -> None:
        """Add the answers and costs of the members `who`, of one case, whose keys are `keys`."""
        shared = _Records([case.shared])
        nothing = np.zeros((1, 3), np.int64)
        into.add(who, nothing, np.zeros(len(who), np.int64), shared)
        _Walk(self, into, draws).down(case.node, case.needed, keys, who, None)

    def edges(self, node: Choice, mask: int, block: InBlock | None) -> tuple[_Edges, _Records]:
        """The edges of a choice, and what they answer in a block."""
        place = self.programme.weighing.place(block)
        at = _at(node, mask, place)
        if at not in self._choices:
            self._choices[at] = _Edges(self, node, mask, place)
        whole = at, None if block is None else block.moves
        if whole not in self._records:
            self._records[whole] = self._choices[at].answered(block)
        return self._choices[at], self._records[whole]

    def sums(self, node: Both, mask: int, block: InBlock | None) -> _Sums:
        """The ways to be a sum of two."""
        place = self.programme.weighing.place(block)
        at = _at(node, mask, place)
        if at not in self._sums:
            self._sums[at] = _Sums(self, node, mask, place)
        return self._sums[at]

    def cells(self, node: StageBlocks, mask: int) -> tuple[Keys, Items]:
        """The fine cells of a stage, by the coarse ones."""
        at = _at(node, mask, None)
        if at not in self._cells:
            found = self.programme.value(node.node).masks[mask]
            coarse = self.programme.coarse(found.keys)
            self._cells[at] = found.keys, Items(coarse, found.weights)
        return self._cells[at]

    def weight(self, found: Distribution) -> Weight:
        """A distribution of the programme, to be looked up."""
        known = self._weights.get(id(found))
        if known is None:
            known = self._weights[id(found)] = Weight(found)
        return known


class _Walk:
    """One way down for many members."""

    def __init__(self, tracer: Tracer, into: Traced, draws: np.random.Generator) -> None:
        self.tracer = tracer
        self.into = into
        self.draws = draws

    def down(self, node: Node, mask: int, keys: Keys, who: Places, block: InBlock | None) -> None:
        match node:
            case InBlock():
                self.down(node.node, mask, keys, who, node)
            case StageBlocks():
                if self.tracer.programme.grid.finer > 1:
                    fine, items = self.tracer.cells(node, mask)
                    keys = fine[items.pick(keys, self.draws)]
                self.down(node.node, mask, keys, who, block)
            case Both():
                self._both(node, mask, keys, who, block)
            case Choice():
                self._choice(node, mask, keys, who, block)

    def _both(self, node: Both, mask: int, keys: Keys, who: Places, block: InBlock | None) -> None:
        sums = self.tracer.sums(node, mask, block)
        column = self._columns(sums, keys)
        first = sums.offsets[column]
        for (one, other), here in sums.apart(column):
            firsts = first[here]
            self.down(sums.small, one, firsts, who[here], block)
            self.down(sums.large, other, keys[here] - firsts, who[here], block)

    def _choice(
        self, node: Choice, mask: int, keys: Keys, who: Places, block: InBlock | None
    ) -> None:
        edges, records = self.tracer.edges(node, mask, block)
        if edges.items is not None:
            place = edges.items.pick(keys, self.draws)
            self.into.add(who, edges.amounts, place, records)
            return
        place = self._columns(edges, keys)
        self.into.add(who, edges.amounts, place, records)
        for number, here in _split(place):
            then, inner = edges.then[number]
            if then is not None:
                self.down(then, inner, keys[here] - edges.own[number], who[here], block)

    def _columns(self, ways: _Edges | _Sums, keys: Keys) -> Places:
        if len(keys) < _ALIKE:
            return picked(ways.weights(keys), self.draws)
        distinct, back = np.unique(keys, return_inverse=True)
        return picked(ways.weights(distinct), self.draws, back)


class _Edges:
    """The edges of a choice that ask for certain shared answers, one for each way to do so.

    items: the edges by key, where nothing follows them
    then: what follows each, and the shared answers that this asks; own: their own keys
    """

    def __init__(self, tracer: Tracer, node: Choice, mask: int, place: InBlock | None) -> None:
        edges, weights = tracer.programme.weighed(node, place)
        keys, _ = tracer.programme.keys(edges, node.inside)
        self.items: Items | None = None
        self.then: list[tuple[Node | None, int]] = []
        self._rows: list[tuple[int, float, Weight | None]] = []
        kept = []
        for index, edge in enumerate(edges):
            key, weight = int(keys[index]), float(weights[index])
            if edge.then is None:
                if edge.asked == mask:
                    kept.append(index)
                    self.then.append((None, 0))
                    self._rows.append((key, weight, None))
                continue
            for inner, found in tracer.programme.value(edge.then, place).masks.items():
                if inner | edge.asked == mask:
                    kept.append(index)
                    self.then.append((edge.then, inner))
                    self._rows.append((key, weight, tracer.weight(found)))
        self._kept = [edges[index] for index in kept]
        self.own = keys[kept]
        self.amounts = np.array([edge.amounts for edge in self._kept], np.int64)
        if all(then is None for then, _ in self.then):
            self.items = Items(self.own, [weights[index] for index in kept])

    def weights(self, keys: Keys) -> Any:
        """(n,) keys to the (n, edges) weights of the edges."""
        found = np.empty((len(keys), len(self._rows)))
        for column, (own, weight, then) in enumerate(self._rows):
            found[:, column] = weight * (keys == own if then is None else then.at(keys - own))
        return found

    def answered(self, block: InBlock | None) -> _Records:
        """What each edge answers in a block."""
        return _Records(
            [
                edge.own if block is None
                else tuple((block.moved(address), answer) for address, answer in edge.own)
                for edge in self._kept
            ]
        )  # fmt: skip


class _Sums:
    """The ways to make a key out of those of two independent parts.

    small, large: the parts, the one with fewer keys first
    offsets: the small part's key in each way
    """

    def __init__(self, tracer: Tracer, node: Both, mask: int, place: InBlock | None) -> None:
        value = tracer.programme.value
        one, other = value(node.one, place).masks, value(node.other, place).masks
        swap = _count(one) > _count(other)
        small, large = (other, one) if swap else (one, other)
        self.small, self.large = (node.other, node.one) if swap else (node.one, node.other)
        self._pairs = [(a, b) for a in small for b in large if a | b == mask]
        self._parts = [(small[a], tracer.weight(large[b])) for a, b in self._pairs]
        self.offsets = np.concatenate([found.keys for found, _ in self._parts])
        self._ends = np.cumsum([len(found.keys) for found, _ in self._parts])

    def weights(self, keys: Keys) -> Any:
        """(n,) keys to the (n, ways) weights of the ways."""
        column = keys[:, None]
        found = [part.weights * rest.at(column - part.keys) for part, rest in self._parts]
        return found[0] if len(found) == 1 else np.concatenate(found, axis=1)

    def apart(self, column: Places) -> list[tuple[tuple[int, int], Any]]:
        """By the shared answers that both parts ask, which members have them."""
        if len(self._pairs) == 1:
            return [(self._pairs[0], slice(None))]
        pair = np.searchsorted(self._ends, column, side="right")
        return [(self._pairs[number], here) for number, here in _split(pair)]


class _Records:
    """Answers by place. any: whether there are any."""

    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.any = any(records)


def _split(numbers: Places) -> list[tuple[int, Places]]:
    """Each number that occurs, and where."""
    order = np.argsort(numbers, kind="stable")
    counts = np.bincount(numbers)
    ends = np.cumsum(counts)
    return [
        (number, order[ends[number] - counts[number] : ends[number]])
        for number in np.flatnonzero(counts).tolist()
    ]


def _at(node: Node, mask: int, place: InBlock | None) -> _At:
    return *key_of(node, place), mask


def _count(masks: dict[int, Distribution]) -> int:
    return sum(len(found.keys) for found in masks.values())
