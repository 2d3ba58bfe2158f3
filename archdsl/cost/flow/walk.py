"""The nodes of a traced program in their order, and the contractions that no operator names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from archdsl.cost.flow import elementwise, places, roles, sums
from archdsl.cost.flow.algebra import ValueAlgebra
from archdsl.cost.flow.products import Value
from archdsl.cost.flow.program import Program
from archdsl.cost.flow.traced import constants, is_tensor, operator
from archdsl.cost.flow.writes import Writes
from archdsl.cost.free import FREE, MOVES

Maker: TypeAlias = Callable[[Program, Any, str], Value]

_MAKERS: dict[str, Maker] = {
    **dict.fromkeys((*roles.PRODUCTS, *roles.QUOTIENTS), elementwise.product),
    **dict.fromkeys(roles.ADDITIONS, elementwise.addition),
    **dict.fromkeys(("addcmul", "addcdiv"), elementwise.added_product),
    "lerp": elementwise.blend,
    **dict.fromkeys(("pow", "square"), elementwise.power),
    **dict.fromkeys(("reciprocal", "rsqrt"), elementwise.inverse),
    **dict.fromkeys(("log", "log2", "log10"), elementwise.logarithm),
    **dict.fromkeys(("exp", "exp2", "expm1"), elementwise.exponential),
    "glu": elementwise.gated,
    **dict.fromkeys(("index_copy", "index_put", "scatter"), elementwise.written),
    **dict.fromkeys((*roles.SUMS, *roles.SQUARES), sums.reduction),
    **dict.fromkeys(roles.NORMS, sums.reduction),
    **dict.fromkeys(roles.CHOICES, sums.choice),
    **dict.fromkeys(roles.RUNNING_SUMS, sums.running_sum),
    **dict.fromkeys(roles.POOLS, sums.pool),
    **dict.fromkeys(("index_add", "scatter_add"), sums.added_at),
    "col2im": sums.folded,
    **dict.fromkeys(roles.ORDERS, places.move),
    **dict.fromkeys(roles.JOINS, places.join),
    **dict.fromkeys(roles.NORMALISATIONS, lambda program, node, name: program.begun(node)),
}


class Flow:
    """Follows the nodes of a graph, given one after another.

    accuse: told of each contraction that no operator names, (problem, node); gives a number
    acquit: told which of them was none after all
    """

    def __init__(self, accuse: Callable[[str, Any], int], acquit: Callable[[int], None]) -> None:
        self._node: Any = None
        algebra = ValueAlgebra(lambda problem: accuse(problem, self._node), acquit)
        self._program = Program(algebra)
        self._writes = Writes(self._program)

    def see(self, node: Any) -> None:
        """Take one more node in."""
        self._node = node
        outputs = [value for value in node.outputs() if is_tensor(value)]
        if not outputs or node.kind() in ("prim::Constant", "prim::NumToTensor"):
            return
        name, in_place = operator(node)
        if node.kind() in ("prim::ListUnpack", "prim::TupleUnpack"):
            for value, made in zip(outputs, places.parts(self._program, node), strict=False):
                self._program.set(value, made)
        else:
            made = self._made(node, name)
            for value in outputs:
                self._program.set(value, made)
        if in_place:
            self._writes.written(node, name)
        else:
            self._writes.viewed(node, name)

    def _made(self, node: Any, name: str) -> Value:
        program = self._program
        if node.kind() == "aten::einsum":
            return sums.einsum(program, node, name)
        if node.kind() not in FREE and name not in roles.RUNNING_SUMS:
            return program.begun(node)
        if name in roles.CONSTANTS or not any(value.sources for value in program.operands(node)):
            return program.constant(node)
        if name in _MAKERS:
            return self._maker(node, name)(program, node, name)
        if name == "copy":
            return self._writes.copied(node)
        if f"aten::{name}" in MOVES or name.startswith(_WINDOWS):
            return places.move(program, node, name)
        return program.algebra.elementwise(program.operands(node))

    def _maker(self, node: Any, name: str) -> Maker:
        """What a flag says: an index that accumulates, a norm that is a largest number."""
        if name in roles.NORMS and not roles.is_sum(name, constants(node)):
            return sums.choice
        if name in ("index_put", "scatter") and {True, "add"} & set(_flags(node)):
            return sums.added_at
        return _MAKERS[name]


_WINDOWS = ("upsample", "_upsample", "max_pool", "adaptive_max_pool")


def _flags(node: Any) -> list[Any]:
    return [flag for flag in constants(node) if flag is True or isinstance(flag, str)]
