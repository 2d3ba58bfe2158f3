"""The smallest and the largest cost of the members, exactly, by one pass over a circuit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from archdsl.spaces.circuit import Both, Case, Choice, InBlock, Node, StageBlocks
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
        key = (id(node), None if block is None else block.moves)
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


Point: TypeAlias = "tuple[int, int]"
"""macs and params of a member, or of a part of one."""


def cheapest(programme: Programme, price: Point) -> Point | None:
    """The costs of a member whose macs and params, at such prices, come to the least.

    None where no member weighs anything: each has some part that is over a limit by itself.
    """

    def value(point: Point) -> int:
        return price[0] * point[0] + price[1] * point[1]

    def of(node: Node, block: InBlock | None = None) -> dict[int, Point]:
        key = _key(node, block)
        if key not in known:
            found: dict[int, Point] = {}
            for mask, point in ways(node, block):
                if mask not in found or value(point) < value(found[mask]):
                    found[mask] = point
            known[key] = found
        return known[key]

    def ways(node: Node, block: InBlock | None) -> Iterator[tuple[int, Point]]:
        match node:
            case InBlock():
                yield from of(node.node, programme.weighing.place(node)).items()
            case StageBlocks():
                yield from of(node.node, block).items()
            case Both():
                for left, one in of(node.one, block).items():
                    for right, other in of(node.other, block).items():
                        yield left | right, (one[0] + other[0], one[1] + other[1])
            case Choice():
                for edge in programme.weighed(node, block)[0]:
                    own = edge.amounts
                    then = {0: (0, 0)} if edge.then is None else of(edge.then, block)
                    for mask, point in then.items():
                        yield mask | edge.asked, (own.macs + point[0], own.params + point[1])

    known: dict[tuple[int, Any], dict[int, Point]] = {}
    found = [of(case.node)[case.needed]
             for case in programme.cases if case.needed in of(case.node)]  # fmt: skip
    return min(found, key=value, default=None)


def least_within(
    programme: Programme, cost: int, sign: int, limits: Point
) -> tuple[int, Point] | None:
    """What cost 0 or 1 times sign, 1 or -1, is at least, while the other one is inside limits.

    A bound: the hull of all members' costs is looked at, whose corners alone are members. Given
    with the prices of macs and params by which that edge of the hull is the cheapest. None where
    the hull has nothing inside.
    """
    other = 1 - cost
    if cheapest(programme, (1, 1)) is None:
        return None

    def corner(own: int, its: int) -> Point:
        price = (own * sign, its) if cost == 0 else (its, own * sign)
        found = cheapest(programme, price)
        assert found is not None, "a member weighs something, whatever the price"
        return sign * found[cost], found[other]

    first = corner(1, 0)
    for turn, limit in ((1, limits[0]), (-1, -limits[1])):
        here = first[0], turn * first[1]
        if here[1] >= limit:
            continue
        there = corner(0, -turn)
        there = there[0], turn * there[1]
        if there[1] < limit:
            return None
        while True:  # from a corner outside and one inside to the edge of the hull between them
            rise, run = there[0] - here[0], there[1] - here[1]
            between = corner(run, -turn * rise)
            between = between[0], turn * between[1]
            if run * between[0] - rise * between[1] >= run * here[0] - rise * here[1]:
                price = (run * sign, -turn * rise) if cost == 0 else (-turn * rise, run * sign)
                return here[0] + rise * (limit - here[1]) // run, price
            here, there = (here, between) if between[1] >= limit else (between, there)
    return first[0], (sign, 0) if cost == 0 else (0, sign)


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
        return self._known.get(_key(node, block))

    def inside(self, node: Node, block: InBlock | None = None) -> Range | None:
        """What a node costs; None where there is no way through."""
        key = _key(node, block)
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
        key = _key(node, block)
        self._known[key] = _wider(self._known.get(key), outside)

    def _pass_on(self, node: Node, block: InBlock | None) -> None:
        outside = self._known.get(_key(node, block))
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


def _key(node: Node, block: InBlock | None) -> tuple[int, Any]:
    return id(node), None if block is None else block.moves


def _wider(before: Range | None, more: Range) -> Range:
    if before is None:
        return more
    return np.minimum(before[0], more[0]), np.maximum(before[1], more[1])
