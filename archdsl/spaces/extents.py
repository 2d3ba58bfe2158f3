"""The smallest and the largest cost of the members, exactly, by one pass over a circuit."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from archdsl.spaces.circuit import Both, Case, Choice, InBlock, Node, StageBlocks, key_of
from archdsl.spaces.grid import Ints
from archdsl.spaces.rows import NOTHING, Amounts

if TYPE_CHECKING:
    from archdsl.spaces.programme import Programme

Extent: TypeAlias = "dict[int, tuple[Ints, Ints]]"
"""Bits of the shared answers asked -> smallest and largest (macs, params, activations)."""


def extents(programme: Programme) -> tuple[Ints, Ints] | None:
    """The smallest and largest of each cost over all members that weigh anything.

    Returns two arrays (macs, params, activations), or None where no member does.
    """
    known = _Extents(programme)
    found = [
        extent
        for case in programme.cases
        if programme.weighing.of(case.shared, None)
        and (extent := known.of(case.node).get(case.needed)) is not None
    ]
    if not found:
        return None
    lows, highs = zip(*found, strict=True)
    return np.min(lows, axis=0), np.max(highs, axis=0)


class _Extents:
    def __init__(self, programme: Programme) -> None:
        self.programme = programme
        self._known: dict[tuple[int, Any], Extent] = {}

    def of(self, node: Node, block: InBlock | None = None) -> Extent:
        key = key_of(node, block)
        if key not in self._known:
            self._known[key] = self._of(node, block)
        return self._known[key]

    def _of(self, node: Node, block: InBlock | None) -> Extent:
        found: Extent = {}
        match node:
            case InBlock():
                return self.of(node.node, self.programme.weighing.place(node))
            case StageBlocks():
                return self.of(node.node, block)
            case Both():
                for left, one in self.of(node.one, block).items():
                    for right, other in self.of(node.other, block).items():
                        pair = _sum(one[0], other[0]), _sum(one[1], other[1])
                        _widen(found, left | right, pair)
            case Choice():
                edges, _ = self.programme.weighed(node, block)
                for edge in edges:
                    own = np.array(edge.amounts, np.int64)
                    if edge.then is None:
                        _widen(found, edge.asked, (own, own))
                        continue
                    for mask, (low, high) in self.of(edge.then, block).items():
                        _widen(found, mask | edge.asked, (_sum(own, low), _sum(own, high)))
        return found


def _sum(one: Ints, other: Ints) -> Ints:
    total = one + other
    total[2] = max(one[2], other[2])  # activations are the most of any layer
    return total


def _widen(found: Extent, mask: int, pair: tuple[Ints, Ints]) -> None:
    before = found.get(mask)
    if before is not None:
        pair = np.minimum(before[0], pair[0]), np.maximum(before[1], pair[1])
    found[mask] = pair


def largest_edge(cases: Iterable[Case]) -> Amounts:
    """The most of each cost that one edge of a circuit has."""
    most = NOTHING
    seen: set[int] = set()
    left: list[Node] = [case.node for case in cases]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        match node:
            case InBlock() | StageBlocks():
                left.append(node.node)
            case Both():
                left += [node.one, node.other]
            case Choice():
                for edge in node.edges:
                    most = Amounts(*map(max, most, edge.amounts))
                    if edge.then is not None:
                        left.append(edge.then)
    return most
