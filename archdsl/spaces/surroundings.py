"""What the rest of a member costs, seen from each node of a circuit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from archdsl.spaces.circuit import Both, Choice, InBlock, Node, StageBlocks, key_of
from archdsl.spaces.grid import Ints

if TYPE_CHECKING:
    from archdsl.spaces.programme import Programme

Range: TypeAlias = "tuple[Ints, Ints]"
"""Smallest and largest, by price."""


class Surroundings:
    """What a member costs elsewhere than in a node, at least and at most, by one pass downwards.

    prices: (n, 2), of macs and params; activations do not add up
    """

    def __init__(self, programme: Programme, prices: Ints) -> None:
        self._programme = programme
        self._prices = prices
        self._known: dict[tuple[int, Any], Range] = {}
        self._inner: dict[tuple[int, Any], Range | None] = {}
        self._order: list[tuple[Node, InBlock | None]] = []
        for case in programme.cases:
            self.inside(case.node)
            nothing = np.zeros(len(prices), np.int64)
            self._meet(case.node, None, (nothing, nothing))
        for node, block in reversed(self._order):  # those that a node is a part of come first
            self._pass_on(node, block)

    def outside(self, node: Node, block: InBlock | None) -> Range | None:
        """What the rest of a member with this node costs; None where no member has it."""
        return self._known.get(key_of(node, block))

    def inside(self, node: Node, block: InBlock | None = None) -> Range | None:
        """What a node costs; None where there is no way through."""
        key = key_of(node, block)
        if key not in self._inner:
            found = self._inside(node, block)
            self._inner[key] = found
            self._order.append((node, block))
        return self._inner[key]

    def _inside(self, node: Node, block: InBlock | None) -> Range | None:
        match node:
            case InBlock():
                return self.inside(node.node, self._programme.weighing.place(node))
            case StageBlocks():
                return self.inside(node.node, block)
            case Both():
                one, other = self.inside(node.one, block), self.inside(node.other, block)
                if one is None or other is None:
                    return None
                return one[0] + other[0], one[1] + other[1]
            case Choice():
                found: Range | None = None
                edges, _ = self._programme.weighed(node, block)
                for edge in edges:
                    own = self._prices @ np.array(edge.amounts[:2], np.int64)
                    low = high = own
                    if edge.then is not None:
                        then = self.inside(edge.then, block)
                        if then is None:
                            continue
                        low, high = own + then[0], own + then[1]
                    found = _wider(found, (low, high))
                return found

    def _meet(self, node: Node, block: InBlock | None, outside: Range) -> None:
        key = key_of(node, block)
        self._known[key] = _wider(self._known.get(key), outside)

    def _pass_on(self, node: Node, block: InBlock | None) -> None:
        outside = self._known.get(key_of(node, block))
        if outside is None:
            return
        match node:
            case InBlock():
                self._meet(node.node, self._programme.weighing.place(node), outside)
            case StageBlocks():
                self._meet(node.node, block, outside)
            case Both():
                for part, rest in ((node.one, node.other), (node.other, node.one)):
                    more = self.inside(rest, block)
                    if more is not None:
                        self._meet(part, block, (outside[0] + more[0], outside[1] + more[1]))
            case Choice():
                edges, _ = self._programme.weighed(node, block)
                for edge in edges:
                    if edge.then is not None:
                        own = self._prices @ np.array(edge.amounts[:2], np.int64)
                        self._meet(edge.then, block, (outside[0] + own, outside[1] + own))


def _wider(before: Range | None, more: Range) -> Range:
    if before is None:
        return more
    return np.minimum(before[0], more[0]), np.maximum(before[1], more[1])
