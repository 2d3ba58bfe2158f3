"""What a traced graph says of a value: its shape, its type, the constant that it is."""

from __future__ import annotations

from math import prod
from typing import Any

import torch

from archdsl.cost.flow.layout import Axes, Shape


def is_tensor(value: Any) -> bool:
    """Whether a value is one tensor."""
    return isinstance(value.type(), torch._C.TensorType)


def shape(value: Any) -> Shape | None:
    """The sizes of a tensor, None where the tracer does not know them or it is none."""
    sizes = value.type().sizes() if is_tensor(value) else None
    return None if sizes is None else tuple(sizes)


def length(axes: Axes) -> Shape:
    """The sizes that axes stand for."""
    return tuple(prod(atom.size for atom in axis) for axis in axes)


def items(value: Any) -> list[Any]:
    """The values of a list; of anything else, itself."""
    node = value.node()
    if node.kind() in ("prim::ListConstruct", "prim::TupleConstruct"):
        return list(node.inputs())
    return [value]


def constant(value: Any) -> Any:
    """A number, word or list that is written in the program; None for what is computed."""
    node = value.node()
    if node.kind() in ("prim::ListConstruct", "prim::TupleConstruct"):
        return [constant(item) for item in node.inputs()]
    return value.toIValue() if node.kind() == "prim::Constant" else None


def constants(node: Any) -> list[Any]:
    """What the program wrote for each argument of an operator; None for tensors."""
    return [None if is_tensor(value) else constant(value) for value in node.inputs()]


def operator(node: Any) -> tuple[str, bool]:
    """(name, whether it writes into its first argument): add and True for aten::add_."""
    name = str(node.kind()).removeprefix("aten::")
    in_place = name.endswith("_") and not name.endswith("__")
    return (name.removesuffix("_") if in_place else name), in_place


def is_truth(value: Any) -> bool:
    """Whether a tensor holds truths."""
    return value.type().dtype() is torch.bool


def is_number(value: Any) -> bool:
    """Whether a tensor holds truths or whole numbers: masks, indices."""
    dtype = value.type().dtype()
    return dtype is not None and not (dtype.is_floating_point or dtype.is_complex)
