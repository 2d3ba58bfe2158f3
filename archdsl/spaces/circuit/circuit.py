"""The members of a space as a decomposable circuit: sums over alternatives, products of parts.

Whatever can be said of a product of independent parts and of a sum of disjoint alternatives, a
count, a smallest cost, a histogram of costs, can be said of all members by one pass over the
circuit (`fold`), which is as large as the space's table and not as the space.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts import names
from archdsl.amounts.arrays import Ints
from archdsl.spaces.reach import Record

Moves: TypeAlias = "tuple[tuple[str, str], ...]"
"""(how addresses begin in the first block, how they begin in this one)."""

NONE = -1
"""What follows a leaf that is the last."""


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """Exactly one of n edges, each a leaf (answers, amounts, a weight) and what follows it.

    answers: n records; amounts: (n, kinds); weights: (n,)
    then: n places of nodes further in front, or `NONE`
    fine: whether it is a part of one stage's blocks
    """

    answers: tuple[Record, ...]
    amounts: Ints
    weights: NDArray[np.float64]
    then: tuple[int, ...]
    fine: bool = False

    def only(self, kept: Sequence[int]) -> Sum:
        """Some of the edges."""
        places = list(kept)
        return Sum(
            tuple(self.answers[k] for k in places), self.amounts[places], self.weights[places],
            tuple(self.then[k] for k in places), self.fine,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """Two independent parts."""

    one: int
    other: int
    fine: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A part of a block, written for the first block and standing in another."""

    then: int
    moves: Moves


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """All blocks of a stage: what is inside may be told more finely than what is outside."""

    then: int


Node: TypeAlias = "Sum | Product | Block | Stage"


@dataclass(frozen=True, slots=True, eq=False)
class Circuit:
    """Nodes in an order in which each comes after those that it is made of; the last is a sum
    over the combinations of shared answers, of all members.

    A node that no member comes through is None.
    """

    nodes: tuple[Node | None, ...]

    @property
    def root(self) -> Sum:
        """The sum of all members."""
        last = self.nodes[-1]
        assert isinstance(last, Sum)
        return last

    @property
    def empty(self) -> bool:
        """Whether it has no member."""
        return not self.root.then

    def sums(self) -> Iterator[Sum]:
        """Every sum."""
        return (node for node in self.nodes if isinstance(node, Sum))

    def largest_leaf(self) -> Ints:
        """The most of each kind that one leaf has: (kinds,)."""
        return np.max([node.amounts.max(axis=0) for node in self.sums() if node.then], axis=0)

    def within(self, highest: dict[str, int]) -> Circuit:
        """Without the leaves that are over a limit by themselves.

        Of a maximal kind, what is left are the members inside the limit.
        """
        columns = [(names().index(name), high) for name, high in highest.items()]
        if not columns:
            return self
        places, most = zip(*columns, strict=True)
        sums = [(at, node) for at, node in enumerate(self.nodes) if isinstance(node, Sum)]
        rows = np.concatenate([node.amounts for _, node in sums])[:, places]
        over = (rows > np.array(most, np.int64)).any(axis=1)
        if not over.any():
            return self
        nodes, end = list(self.nodes), 0
        for at, node in sums:
            begin, end = end, end + len(node.then)
            if over[begin:end].any():
                nodes[at] = node.only(np.flatnonzero(~over[begin:end]).tolist())
        return pruned(nodes)


def children(node: Node | None) -> tuple[int, ...]:
    """The places of what a node is made of."""
    match node:
        case None:
            return ()
        case Sum():
            return node.then
        case Product():
            return node.one, node.other
        case Block() | Stage():
            return (node.then,)


def pruned(nodes: Sequence[Node | None]) -> Circuit:
    """A circuit without the nodes that no member comes through."""
    kept: list[Node | None] = []
    for node in nodes:
        match node:
            case Sum():
                alive = [k for k, at in enumerate(node.then) if at == NONE or kept[at] is not None]
                if len(alive) < len(node.then):
                    node = node.only(alive)
                kept.append(node if alive else None)
            case _:
                dead = any(kept[at] is None for at in children(node))
                kept.append(None if dead else node)
    if kept[-1] is None:
        root = nodes[-1]
        assert isinstance(root, Sum)
        return Circuit((root.only([]),))
    needed = [False] * len(kept)
    needed[-1] = True
    for at in range(len(kept) - 1, -1, -1):
        if needed[at]:
            for child in children(kept[at]):
                needed[child] = needed[child] or child != NONE
        else:
            kept[at] = None
    return Circuit(tuple(kept))


def compact(nodes: Sequence[Node | None]) -> Circuit:
    """A circuit without the places of nodes that it does not have."""
    places: dict[int, int] = {NONE: NONE}
    kept: list[Node] = []
    for at, node in enumerate(pruned(nodes).nodes):
        if node is None:
            continue
        places[at] = len(kept)
        kept.append(_replaced(node, places))
    return Circuit(tuple(kept))


def _replaced(node: Node, places: dict[int, int]) -> Node:
    match node:
        case Sum():
            return replace(node, then=tuple(places[at] for at in node.then))
        case Product():
            return replace(node, one=places[node.one], other=places[node.other])
        case _:
            return replace(node, then=places[node.then])


def moved(address: str, moves: Moves) -> str:
    """An address of the first block, in another."""
    for there, here in moves:
        if address.startswith(there):
            return here + address[len(there) :]
    return address
