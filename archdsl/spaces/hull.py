"""The hull of all members' macs and params: what one can be while the other is inside limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.spaces.circuit import Both, Choice, InBlock, Node, StageBlocks, key_of

if TYPE_CHECKING:
    from archdsl.spaces.programme import Programme

Point: TypeAlias = "tuple[int, int]"
"""macs and params of a member, or of a part of one."""


def cheapest(programme: Programme, price: Point) -> Point | None:
    """The costs of a member whose macs and params, at such prices, come to the least.

    None where no member weighs anything: each has some part that is over a limit by itself.
    """

    def value(point: Point) -> int:
        return price[0] * point[0] + price[1] * point[1]

    def of(node: Node, block: InBlock | None = None) -> dict[int, Point]:
        key = key_of(node, block)
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
