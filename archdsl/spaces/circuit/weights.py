"""How much each answer weighs, and a circuit with these weights at its leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from archdsl.spaces.circuit.circuit import (
    NONE,
    Block,
    Circuit,
    Moves,
    Node,
    Product,
    Sum,
    children,
    moved,
    pruned,
)  # fmt: skip
from archdsl.spaces.reach import Record
from archdsl.spec.holes import Answer

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
                case Block():
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
            if isinstance(node, Block):
                found[child][where(node.moves)] = None
            else:
                found[child].update(found[at])
    return found
