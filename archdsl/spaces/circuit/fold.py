"""The passes over a circuit: inside, from the leaves to the root, and outside, back again.

Both are loops over the nodes in their order: a circuit may be deeper than any stack. What a pass
finds is up to an algebra, which says what a sum and what a product of values is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from archdsl.spaces.circuit.circuit import NONE, BlockNode, Node, Product, StageNode, Sum

V = TypeVar("V")
O = TypeVar("O")  # noqa: E741


class Algebra(Generic[V]):
    """What an inside pass makes of each node. at: the place of the node."""

    def sum(self, at: int, node: Sum, then: Sequence[V | None]) -> V:
        """Of the edges of a sum; then: what follows each of them."""
        raise NotImplementedError

    def product(self, at: int, node: Product, one: V, other: V) -> V:
        """Of two independent parts."""
        raise NotImplementedError

    def block(self, at: int, node: BlockNode, value: V) -> V:
        """Of what stands in a block."""
        return value

    def stage(self, at: int, node: StageNode, value: V) -> V:
        """Of all blocks of a stage."""
        return value


def fold(nodes: Sequence[Node | None], algebra: Algebra[V]) -> list[V | None]:
    """The value of each node, None for one that no member comes through: the inside pass."""
    values: list[V | None] = []
    for at, node in enumerate(nodes):
        match node:
            case None:
                values.append(None)
            case Sum():
                then = [None if k == NONE else values[k] for k in node.then]
                values.append(algebra.sum(at, node, then))
            case Product():
                one, other = values[node.one], values[node.other]
                assert one is not None and other is not None
                values.append(algebra.product(at, node, one, other))
            case BlockNode():
                value = values[node.then]
                assert value is not None
                values.append(algebra.block(at, node, value))
            case StageNode():
                value = values[node.then]
                assert value is not None
                values.append(algebra.stage(at, node, value))
    return values


class OutsideAlgebra(Generic[V, O]):
    """What an outside pass tells each node of the rest of the members that it is a part of.

    V: inside values; O: outside values
    """

    def either(self, one: O, other: O) -> O:
        """Of two places that a node stands in."""
        raise NotImplementedError

    def edges(self, at: int, node: Sum, rest: O) -> Sequence[O | None]:
        """For what follows each edge of a sum."""
        raise NotImplementedError

    def parts(self, at: int, node: Product, rest: O, one: V, other: V) -> tuple[O, O]:
        """For the two parts of a product."""
        raise NotImplementedError

    def stage(self, at: int, node: StageNode, rest: O, value: V) -> O:
        """For the blocks of a stage."""
        return rest


def outside(
    nodes: Sequence[Node | None],
    values: Sequence[V | None],
    algebra: OutsideAlgebra[V, O],
    tops: dict[int, O],
) -> list[O | None]:
    """What the rest of a member is, for each node: the outside pass.

    values: those of the inside pass; tops: what is known where the pass begins
    """
    found: list[O | None] = [None] * len(nodes)

    def meet(at: int, rest: O | None) -> None:
        if rest is None or at == NONE:
            return
        before = found[at]
        found[at] = rest if before is None else algebra.either(before, rest)

    for at, top in tops.items():
        meet(at, top)
    for at in range(len(nodes) - 1, -1, -1):
        node, rest = nodes[at], found[at]
        if node is None or rest is None:
            continue
        match node:
            case Sum():
                for child, beyond in zip(node.then, algebra.edges(at, node, rest), strict=True):
                    meet(child, beyond)
            case Product():
                one, other = values[node.one], values[node.other]
                assert one is not None and other is not None
                first, second = algebra.parts(at, node, rest, one, other)
                meet(node.one, first)
                meet(node.other, second)
            case BlockNode():
                meet(node.then, rest)
            case StageNode():
                value = values[node.then]
                assert value is not None
                meet(node.then, algebra.stage(at, node, rest, value))
    return found
