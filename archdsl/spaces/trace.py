"""From the keys of many members back to their answers: a circuit walked downwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archdsl.spaces.circuit import Both, Choice, Edge, InBlock, Node, StageBlocks
from archdsl.spaces.distribution import Distribution, Keys
from archdsl.spaces.programme import Programme
from archdsl.spaces.rows import Record
from archdsl.spec.holes import Answer

Places = NDArray[np.int64]

BATCH = 1_024
"""Members that are walked at once: the matrices of their alternatives have to fit memory."""

_DENSE = 1 << 20


@dataclass(slots=True, eq=False)
class Traced:
    """Members as they come together: answers, and exact (macs, params, activations) (n, 3)."""

    answers: list[dict[str, Answer]]
    amounts: NDArray[np.int64]

    def add(self, who: Places, edge: Edge, record: Record) -> None:
        """One edge for the members `who`."""
        self.amounts[who, :2] += edge.amounts[:2]
        largest = np.maximum(self.amounts[who, 2], edge.amounts.activations)
        self.amounts[who, 2] = largest
        if record:
            for index in who.tolist():
                self.answers[index].update(record)


def traced(count: int) -> Traced:
    """Nothing known of `count` members."""
    return Traced([{} for _ in range(count)], np.zeros((count, 3), np.int64))


class Tracer:
    """Chooses, for members with given keys, what led there, each way as often as it weighs."""

    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._weighed: dict[tuple[int, Any], tuple[list[Edge], Any, Any]] = {}
        self._cells: dict[tuple[int, int], tuple[Keys, Keys, Any]] = {}
        self._tables: dict[int, tuple[Distribution, _Table]] = {}

    def walk(
        self,
        node: Node,
        mask: int,
        keys: Keys,
        who: Places,
        into: Traced,
        draws: np.random.Generator,
        block: InBlock | None = None,
    ) -> None:
        """Add what `node` contributes to the members `who`, whose keys at it are `keys`."""
        match node:
            case InBlock():
                self.walk(node.node, mask, keys, who, into, draws, node)
            case StageBlocks():
                fine = self._finer(node, mask, keys, draws)
                self.walk(node.node, mask, fine, who, into, draws, block)
            case Both():
                self._both(node, mask, keys, who, into, draws, block)
            case Choice():
                self._choice(node, mask, keys, who, into, draws, block)

    def _both(
        self,
        node: Both,
        mask: int,
        keys: Keys,
        who: Places,
        into: Traced,
        draws: np.random.Generator,
        block: InBlock | None,
    ) -> None:
        place = self.programme.weighing.place(block)
        one, other = self.programme.value(node.one, place), self.programme.value(node.other, place)
        swap = _count(one.masks) > _count(other.masks)
        small, large = (other, one) if swap else (one, other)
        pairs = [(a, b) for a in small.masks for b in large.masks if a | b == mask]
        offsets = np.concatenate([small.masks[a].keys for a, _ in pairs])
        distinct, back = np.unique(keys, return_inverse=True)
        weights = np.concatenate(
            [
                small.masks[a].weights
                * self._table(large.masks[b]).at(distinct[:, None] - small.masks[a].keys)
                for a, b in pairs
            ],
            axis=1,
        )
        column = _picked(weights, back, draws)
        first, rest = offsets[column], keys - offsets[column]
        sizes = np.cumsum([len(small.masks[a].keys) for a, _ in pairs])
        pair = np.searchsorted(sizes, column, side="right")
        for index, (a, b) in enumerate(pairs):
            here = np.flatnonzero(pair == index) if len(pairs) > 1 else np.arange(len(keys))
            if not len(here):
                continue
            for part, its, sums in (
                (node.other if swap else node.one, a, first),
                (node.one if swap else node.other, b, rest),
            ):
                self.walk(part, its, sums[here], who[here], into, draws, block)

    def _choice(
        self,
        node: Choice,
        mask: int,
        keys: Keys,
        who: Places,
        into: Traced,
        draws: np.random.Generator,
        block: InBlock | None,
    ) -> None:
        place = self.programme.weighing.place(block)
        edges, own, weights = self._edges(node, place)
        distinct, back = np.unique(keys, return_inverse=True)
        ways: list[tuple[int, int]] = []
        rows = []
        for index, edge in enumerate(edges):
            rest = distinct - own[index]
            if edge.then is None:
                if edge.asked == mask:
                    ways.append((index, 0))
                    rows.append(weights[index] * (rest == 0))
                continue
            for inner, found in self.programme.value(edge.then, place).masks.items():
                if inner | edge.asked == mask:
                    ways.append((index, inner))
                    rows.append(weights[index] * self._table(found).at(rest))
        chosen = _picked(np.array(rows, float).T, back, draws)
        for number in np.unique(chosen).tolist():
            index, inner = ways[number]
            edge, here = edges[index], np.flatnonzero(chosen == number)
            record = edge.own
            if block is not None:
                record = tuple((block.moved(a), v) for a, v in record)
            into.add(who[here], edge, record)
            if edge.then is not None:
                self.walk(edge.then, inner, keys[here] - own[index], who[here], into, draws, block)

    def _edges(self, node: Choice, place: InBlock | None) -> tuple[list[Edge], Any, Any]:
        key = (id(node), None if place is None else place.moves)
        if key not in self._weighed:
            edges, weights = self.programme.weighed(node, place)
            keys, _ = self.programme.keys(edges, node.inside)
            self._weighed[key] = edges, keys, weights
        return self._weighed[key]

    def _finer(self, node: StageBlocks, mask: int, keys: Keys, draws: np.random.Generator) -> Keys:
        if self.programme.grid.finer == 1:
            return keys
        key = (id(node), mask)
        if key not in self._cells:
            found = self.programme.value(node.node).masks[mask]
            coarse = self.programme.coarse(found.keys)
            order = np.argsort(coarse, kind="stable")
            self._cells[key] = coarse[order], found.keys[order], found.weights[order]
        coarse, fine, weights = self._cells[key]
        result = np.empty_like(keys)
        for one in np.unique(keys).tolist():
            begin, end = np.searchsorted(coarse, [one, one + 1])
            here = np.flatnonzero(keys == one)
            sums = np.cumsum(weights[begin:end])
            places = np.searchsorted(sums, draws.random(len(here)) * sums[-1], side="right")
            result[here] = fine[begin + np.minimum(places, end - begin - 1)]
        return result

    def _table(self, found: Distribution) -> _Table:
        key = id(found)
        if key not in self._tables:
            self._tables[key] = found, _Table(found)
        return self._tables[key][1]


class _Table:
    """A distribution looked up many times: by place where its keys lie close together."""

    def __init__(self, found: Distribution) -> None:
        self.found = found
        self.dense: Any = None
        if len(found.keys):
            self.low, self.high = int(found.keys[0]), int(found.keys[-1])
            span = self.high - self.low + 1
            if span <= min(_DENSE, 64 * len(found.keys)):
                self.dense = np.zeros(span)
                self.dense[found.keys - self.low] = found.weights

    def at(self, keys: Keys) -> Any:
        if self.dense is None:
            return self.found.at(keys)
        within = (keys >= self.low) & (keys <= self.high)
        return np.where(within, self.dense[np.clip(keys - self.low, 0, len(self.dense) - 1)], 0.0)


def _count(masks: dict[int, Distribution]) -> int:
    return sum(len(found.keys) for found in masks.values())


def _picked(weights: Any, back: Places, draws: np.random.Generator) -> Places:
    """A column for each member. weights: (distinct keys, columns); back: member -> row."""
    sums = np.cumsum(weights, axis=1)
    goals = draws.random(len(back)) * sums[back, -1]
    goals = np.minimum(goals, np.nextafter(sums[back, -1], 0))
    return np.asarray((sums[back] <= goals[:, None]).sum(axis=1))
