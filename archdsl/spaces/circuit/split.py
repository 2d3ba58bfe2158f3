"""From alternatives that may ask a shared answer to a circuit whose nodes certainly do or do not.

An answer that parts share is a case of its own, and where a part need not ask for it (a param of
a mixer that may not be chosen) the same alternatives are members of several cases: of those with
an answer where somebody asked, and of the one without where nobody did. A node of the circuit has
only those alternatives that ask for exactly the same; so no pass has to tell them apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

from archdsl.amounts import nothing
from archdsl.amounts.arrays import stacked
from archdsl.spaces.circuit.alternatives import Both, Case, EdgeChoice, InBlock, StageBlocks
from archdsl.spaces.circuit.alternatives import Node as Alternatives
from archdsl.spaces.circuit.circuit import (
    NONE,
    BlockNode,
    Circuit,
    Node,
    Product,
    StageNode,
    Sum,
    compact,
)
from archdsl.spaces.reach import Record

Places: TypeAlias = "dict[int, int]"
"""Bits of the shared answers that are asked -> the node that asks for exactly these."""


def split(cases: Sequence[Case]) -> Circuit:
    """One circuit of all cases."""
    splitting = _Splitting()
    for case in cases:
        splitting.visit(case.node)
    rows = []
    for case in cases:
        at = splitting.known[id(case.node)].get(case.needed)
        if at is not None:
            rows.append((case.shared, nothing(), at))
    splitting.add_sum(rows, fine=False)
    return compact(splitting.nodes)


class _Splitting:
    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.known: dict[int, Places] = {}
        self._products: dict[tuple[int, int], int] = {}

    def visit(self, top: Alternatives) -> None:
        """Add a node after all that it is made of; a loop, as circuits may be deep."""
        left = [(top, False)]
        while left:
            node, ready = left.pop()
            if id(node) in self.known:
                continue
            if ready:
                self.known[id(node)] = self._made(node)
                continue
            left.append((node, True))
            left += [(part, False) for part in reversed(_parts(node))]

    def _made(self, node: Alternatives) -> Places:
        match node:
            case EdgeChoice():
                return self._choice(node)
            case Both():
                return self._both(node)
            case InBlock():
                inner = self.known[id(node.node)]
                return {mask: self._add(BlockNode(at, node.moves)) for mask, at in inner.items()}
            case StageBlocks():
                inner = self.known[id(node.node)]
                return {mask: self._add(StageNode(at)) for mask, at in inner.items()}

    def _choice(self, node: EdgeChoice) -> Places:
        rows: dict[int, list[_Row]] = {}
        for edge in node.edges:
            inner = {0: NONE} if edge.then is None else self.known[id(edge.then)]
            for mask, at in inner.items():
                rows.setdefault(mask | edge.mask, []).append((edge.own, edge.amounts, at))
        return {mask: self.add_sum(its, node.inside) for mask, its in rows.items()}

    def _both(self, node: Both) -> Places:
        pairs: dict[int, list[int]] = {}
        for left, one in self.known[id(node.one)].items():
            for right, other in self.known[id(node.other)].items():
                pairs.setdefault(left | right, []).append(self._product(one, other))
        return {
            mask: its[0] if len(its) == 1
            else self.add_sum([((), nothing(), at) for at in its], self._is_fine(its[0]))
            for mask, its in pairs.items()
        }  # fmt: skip

    def _product(self, one: int, other: int) -> int:
        if (one, other) not in self._products:
            made = Product(one, other, self._is_fine(one))
            self._products[one, other] = self._add(made)
        return self._products[one, other]

    def _is_fine(self, at: int) -> bool:
        node = self.nodes[at]
        return isinstance(node, BlockNode) or (isinstance(node, (Sum, Product)) and node.fine)

    def add_sum(self, rows: Sequence[_Row], fine: bool) -> int:
        """Add a sum of (answers, amounts, what follows)."""
        return self._add(
            Sum(
                tuple(own for own, _, _ in rows),
                stacked(amounts for _, amounts, _ in rows),
                np.ones(len(rows)),
                tuple(at for _, _, at in rows),
                fine,
            )
        )

    def _add(self, node: Node) -> int:
        self.nodes.append(node)
        return len(self.nodes) - 1


_Row: TypeAlias = "tuple[Record, tuple[int, ...], int]"


def _parts(node: Alternatives) -> list[Alternatives]:
    match node:
        case EdgeChoice():
            return [edge.then for edge in node.edges if edge.then is not None]
        case Both():
            return [node.one, node.other]
        case InBlock() | StageBlocks():
            return [node.node]
