"""The outside pass of histograms: how much weight inside limits each answer has.

Seen from a node, the rest of a member is a histogram over what the node itself costs: the weight
of all that makes a member inside the limits of it. With the histogram of the node that is the
weight of the members that come through it, and so of each leaf's answers.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts import Budget
from archdsl.language.holes import Answer
from archdsl.spaces.circuit.circuit import NONE, Product, StageNode, Sum
from archdsl.spaces.circuit.fold import OutsideAlgebra, outside
from archdsl.spaces.histogram.inside import Cells, Histograms, Spread
from archdsl.spaces.histogram.sparse import Histogram, Lookup, mixed
from archdsl.spaces.reach import Record

_PAIRS = 1 << 18
"""Pairs of keys that are looked up at once: a few megabytes. On metaformer_224 below 2 G MACs
shares take 0.6 s, as with an eighth; with eight times as many 1.4."""

_ROUNDED = 1e-9
"""What is left of a difference that is 0 but for rounding, as a share of what it is taken from."""


class Weighed:
    """The weight of members, in all and by answer.

    total, by_answer: weights times two to the power of `exponent`
    """

    total: float
    exponent: int
    by_answer: dict[tuple[str, type, Answer], float]

    def weight(self, address: str, answer: Answer) -> float:
        """The weight of the members with an answer."""
        return self.by_answer.get((address, type(answer), answer), 0.0)

    def less(self, other: Weighed) -> Weighed:
        """Without others, which are among them."""
        made = Weighed()
        made.total, made.exponent = self._without(self.total, other.total, other), self.exponent
        made.by_answer = {
            key: self._without(weight, other.by_answer.get(key, 0.0), other)
            for key, weight in self.by_answer.items()
        }
        return made

    def _without(self, weight: float, less: float, other: Weighed) -> float:
        left = weight - float(np.ldexp(less, other.exponent - self.exponent))
        return left if left > _ROUNDED * weight else 0.0


class AnswerWeights(Weighed):
    """The weight of the members inside limits.

    made: the histograms of a circuit in which every answer has its own leaf (`unshared`). Of a
        rounded cell that is only partly inside, as much counts as lies in it of all costs there.
    Raises TooLarge.
    """

    def __init__(self, made: Histograms, limits: Budget) -> None:
        self._made = made
        self._found: list[tuple[Record, float, int]] = []
        cells = made.spread()
        tops, every = self._tops(cells, limits)
        rests = outside(made.circuit.nodes[:-1], made.values, _Rest(made), tops)
        for node, rest in zip(made.circuit.nodes, rests, strict=False):
            if isinstance(node, Sum) and rest is not None and any(node.answers):
                self._leaves(node, rest)
        self.exponent = max((exponent for _, _, exponent in every), default=0)
        self.total = sum(float(np.ldexp(w, e - self.exponent)) for _, w, e in every)
        self.by_answer = {}
        for answers, weight, exponent in [*every, *self._found]:
            for address, answer in answers:
                key = address, type(answer), answer
                more = float(np.ldexp(weight, exponent - self.exponent))
                self.by_answer[key] = self.by_answer.get(key, 0.0) + more

    def _tops(
        self, cells: Cells, limits: Budget
    ) -> tuple[dict[int, Histogram], list[tuple[Record, float, int]]]:
        """What the outside pass begins with, and the weight of each of the root's edges."""
        inside = _part_inside(cells, self._made.grid.names, limits)
        where = np.flatnonzero(inside)
        if not len(where):
            return {}, []
        weights, exponent = cells.weights(where)
        weights = weights * inside[where]
        root = self._made.circuit.root
        tops: dict[int, Histogram] = {}
        every = []
        for edge in np.unique(cells.edge[where]).tolist():
            here = cells.edge[where] == edge
            every.append((root.answers[edge], float(weights[here].sum()), exponent))
            at = root.then[edge]
            value = self._made.values[at]
            assert value is not None
            own = value.found.at(cells.keys[where][here])
            more = exponent - value.found.exponent
            top = Histogram(cells.keys[where][here], weights[here] / own, more)
            tops[at] = mixed([tops[at], top]) if at in tops else top
        return tops, every

    def _leaves(self, node: Sum, rest: Histogram) -> None:
        leaves, lookup = self._made.leaves(node), Lookup(rest)
        for index, (answers, then) in enumerate(zip(node.answers, node.then, strict=True)):
            if not answers:
                continue
            own, exponent = leaves.keys[index], leaves.exponent + rest.exponent
            if then == NONE:
                weight = float(leaves.weights[index] * lookup.at(np.array([own]))[0])
            else:
                value = self._made.values[then]
                assert value is not None
                its = value.found
                weight = float(leaves.weights[index] * (its.weights @ lookup.at(its.keys + own)))
                exponent += its.exponent
            if weight:
                self._found.append((answers, weight, exponent))


def _part_inside(cells: Cells, chosen: Sequence[str], limits: Budget) -> NDArray[np.float64]:
    """How much of each cell is inside: of the costs from its least to its most (n,)."""
    part = np.ones(len(cells.keys))
    for index, name in enumerate(chosen):
        low, high = limits[name]
        least, most = cells.low[:, index], cells.high[:, index]
        shared = np.minimum(most, high) - np.maximum(least, low) + 1
        part *= np.maximum(shared, 0) / (most - least + 1)
    return part


class _Rest(OutsideAlgebra[Spread, Histogram]):
    """The weight of what makes a member inside of a node, by the node's key."""

    def __init__(self, made: Histograms) -> None:
        self._made = made

    def either(self, one: Histogram, other: Histogram) -> Histogram:
        """One place or the other."""
        return mixed([one, other])

    def edges(self, at: int, node: Sum, rest: Histogram) -> Sequence[Histogram | None]:
        """Moved back by the leaf before what follows it."""
        leaves, lookup = self._made.leaves(node), Lookup(rest)
        found: list[Histogram | None] = []
        for own, weight, then in zip(leaves.keys, leaves.weights, node.then, strict=True):
            if then == NONE:
                found.append(None)
                continue
            value = self._made.values[then]
            assert value is not None
            weights = lookup.at(value.found.keys + own) * weight
            found.append(_kept(value.found, weights, rest.exponent + leaves.exponent))
        return found

    def parts(
        self, at: int, node: Product, rest: Histogram, one: Spread, other: Spread
    ) -> tuple[Histogram, Histogram]:
        """With all that the other part may be: a correlation."""
        first, second, lookup = one.found, other.found, Lookup(rest)
        ones, others = np.zeros(len(first.keys)), np.zeros(len(second.keys))
        rows = max(1, _PAIRS // max(1, len(second.keys)))
        for begin in range(0, len(first.keys), rows):
            here = slice(begin, begin + rows)
            table = lookup.at(first.keys[here, None] + second.keys)
            ones[here] = table @ second.weights
            others += first.weights[here] @ table
        return (
            _kept(first, ones, rest.exponent + second.exponent),
            _kept(second, others, rest.exponent + first.exponent),
        )

    def stage(self, at: int, node: StageNode, rest: Histogram, value: Spread) -> Histogram:
        """Of the coarse cell that each fine one lies in."""
        if self._made.grid.finer == 1:
            return rest
        keys, weights, _ = self._made.coarse(value.found)
        scale = weights / value.found.weights
        return _kept(value.found, rest.at(keys) * scale, rest.exponent)


def _kept(found: Histogram, weights: NDArray[np.float64], exponent: int) -> Histogram:
    """Weights by the keys of a node, without those of 0."""
    kept = weights != 0
    return Histogram(found.keys[kept], weights[kept], exponent).scaled()
