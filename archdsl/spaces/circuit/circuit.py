"""The members of a space as a decomposable circuit: sums over alternatives, products of parts.

Whatever can be said of a product of independent parts and of a sum of disjoint alternatives, a
count, a smallest cost, a histogram of costs, can be said of all members by one pass over the
circuit (`fold`), which is as large as the space's table and not as the space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from archdsl.amounts import Budget, names
from archdsl.amounts.arrays import Ints
from archdsl.language.holes import Answer
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
class BlockNode:
    """A part of a block, written for the first block and standing in another."""

    then: int
    moves: Moves


@dataclass(frozen=True, slots=True, eq=False)
class StageNode:
    """All blocks of a stage: what is inside may be told more finely than what is outside."""

    then: int


Node: TypeAlias = "Sum | Product | BlockNode | StageNode"


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
        rows = [node.amounts.max(axis=0) for node in self.sums() if node.then]
        return np.asarray(np.max(rows, axis=0))

    def within(self, limits: Budget) -> Circuit:
        """Without the leaves that are over an upper limit by themselves.

        Of a maximal kind, what is left are the members inside the limit.
        """
        columns = [(names().index(name), high) for name, (_, high) in limits.items()]
        if not columns:
            return self
        places, most = zip(*columns, strict=True)
        sums = [(at, node) for at, node in enumerate(self.nodes) if isinstance(node, Sum)]
        rows = np.concatenate([node.amounts for _, node in sums])[:, places]
        over = np.asarray((rows > np.array(most, np.int64)).any(axis=1))
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
        case BlockNode() | StageNode():
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


Place: TypeAlias = "Moves | None"
"""The block that weights are those of: None outside of all blocks, `ELSEWHERE` in any block
whose answers have no weights of their own, as all of these are alike."""

ELSEWHERE: Moves = ()


class Weights:
    """A member weighs the product over its answers.

    each: address and answer -> weight, where every answer of every block weighs alike
    by_address: address -> answer -> weight; takes precedence. What is missing weighs nothing
    """

    def __init__(
        self,
        each: Callable[[str, Answer], float] | None = None,
        by_address: Mapping[str, Mapping[Any, float]] | None = None,
    ) -> None:
        self.each = each
        self.by_address = dict(by_address or {})
        self._blocks = tuple(a for a in self.by_address if ".blocks." in a)
        self._places: dict[Moves, Moves] = {}

    @property
    def even(self) -> bool:
        """Whether everything weighs 1."""
        return self.each is None and not self.by_address

    def of(self, record: Record, place: Place) -> float:
        """The weight of some answers."""
        total = 1.0
        for address, answer in record:
            given = None
            if place != ELSEWHERE:
                given = self.by_address.get(moved(address, place) if place else address)
            if given is not None:
                total *= given.get(answer, 0.0)
            elif self.each is not None:
                total *= self.each(address, answer)
        return total

    def place(self, moves: Moves) -> Moves:
        """A block whose answers have weights of their own, or else the one for all others."""
        known = self._places.get(moves)
        if known is None:
            own = any(a.startswith(here) for _, here in moves for a in self._blocks)
            known = self._places[moves] = moves if own else ELSEWHERE
        return known


def weighted(circuit: Circuit, weights: Weights) -> Circuit:
    """A circuit with weights at its leaves, and without those that weigh nothing.

    What stands in blocks whose answers have weights of their own is there once for each.
    """
    if weights.even:
        return circuit
    return _instantiated(circuit, weights.place, lambda node, place: _weighed(node, weights, place))


def unshared(circuit: Circuit) -> Circuit:
    """A circuit in which what stands in several blocks is there once for each, each answer under
    its own address."""
    return _instantiated(circuit, lambda moves: moves, _addressed)


def _addressed(node: Sum, place: Place) -> Sum:
    if not place:
        return node
    answers = (tuple((moved(a, place), answer) for a, answer in own) for own in node.answers)
    return replace(node, answers=tuple(answers))


def _weighed(node: Sum, weights: Weights, place: Place) -> Sum:
    if not any(node.answers):
        return node
    found = np.array([weights.of(own, place) if own else 1.0 for own in node.answers])
    found *= node.weights
    kept = np.flatnonzero(found)
    if len(kept) < len(found):
        return replace(node, weights=found).only(kept.tolist())
    return replace(node, weights=found)


def _instantiated(
    circuit: Circuit, where: Callable[[Moves], Moves], made: Callable[[Sum, Place], Sum]
) -> Circuit:
    """Each sum as `made` of it in each of its places; where: the place that a block counts as."""
    places = _places(circuit, where)
    nodes: list[Node | None] = []
    known: list[dict[Place, int]] = []
    for node, its in zip(circuit.nodes, places, strict=True):
        here: dict[Place, int] = {}
        for place in its:
            here[place] = len(nodes)
            match node:
                case Sum():
                    new = made(node, place)
                    then = tuple(at if at == NONE else known[at][place] for at in new.then)
                    nodes.append(new if then == new.then else replace(new, then=then))
                case Product():
                    one, other = known[node.one][place], known[node.other][place]
                    nodes.append(replace(node, one=one, other=other))
                case BlockNode():
                    nodes.append(replace(node, then=known[node.then][where(node.moves)]))
                case None:
                    nodes.append(None)
                case _:
                    nodes.append(replace(node, then=known[node.then][place]))
        known.append(here)
    return pruned(nodes)


def _places(circuit: Circuit, where: Callable[[Moves], Moves]) -> list[dict[Place, None]]:
    """Where each node stands, in the order in which that is found from the root."""
    found: list[dict[Place, None]] = [{} for _ in circuit.nodes]
    found[-1][None] = None
    for at in range(len(found) - 1, -1, -1):
        node = circuit.nodes[at]
        for child in children(node):
            if child == NONE:
                continue
            if isinstance(node, BlockNode):
                found[child][where(node.moves)] = None
            else:
                found[child].update(found[at])
    return found
