"""What is known of each tensor of a traced program, by its name there."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from math import prod
from typing import Any

from archdsl.cost.flow.algebra import ValueAlgebra
from archdsl.cost.flow.layout import Axes, Shape, atoms, blank, fresh, marks, one_atom
from archdsl.cost.flow.products import SourceTensor, Value
from archdsl.cost.flow.traced import is_number, is_tensor, is_truth, items, length, shape
from archdsl.cost.flow.values import gathered
from archdsl.cost.free import FREE

_GIVEN = ("prim::Param", "prim::Constant", "prim::GetAttr")


class Program:
    """The values of a program so far."""

    def __init__(self, algebra: ValueAlgebra) -> None:
        self.algebra = algebra
        self._values: dict[str, Value] = {}
        self._names: dict[str, int] = {}
        self._keys: dict[Hashable, int] = {}

    def value(self, traced: Any) -> Value:
        """What is known of a tensor. An input, a parameter or a held tensor is a source.

        A number of the program is traced as a tensor of one element.
        """
        name = traced.debugName()
        if name not in self._values:
            size, node = shape(traced), traced.node()
            number = node.kind() == "prim::Constant" and prod(size or ()) == 1
            if size is None or number or is_truth(traced) or node.kind() not in _GIVEN:
                return Value(blank(size or ()))
            held = node.kind() != "prim::Param" or traced.offset() > 0
            source = self.algebra.sources.named(
                ("given", name), SourceTensor(frozenset(), held=held)
            )
            self._values[name] = Value(fresh(size, source), frozenset((source,)))
        return self._values[name]

    def set(self, traced: Any, value: Value) -> None:
        """Note what an operator gave. Truths choose numbers and multiply none, as indices do."""
        size = shape(traced)
        if size is None or is_number(traced):
            value = replace(value, axes=blank(size or ()), sources=frozenset(), terms=frozenset())
        elif length(value.axes) != size:
            value = replace(value, axes=_anywhere(value.axes, size))
        self.name(traced)
        self._values[traced.debugName()] = self.algebra.bounded(
            value, ("bounded", self.name(traced))
        )

    def operands(self, node: Any) -> list[Value]:
        """The tensors that go into an operator, those in lists too."""
        return [
            self.value(item) for value in node.inputs() for item in items(value) if is_tensor(item)
        ]

    def name(self, traced: Any) -> int:
        """A number that two values share if they are made alike of the same."""
        name = traced.debugName()
        if name not in self._names:
            node = traced.node()
            key: Hashable = name
            if node.kind() == "prim::Constant" and not is_tensor(traced):
                key = ("constant", repr(traced.toIValue()))
            elif node.kind() in FREE and node.kind() not in _GIVEN:
                key = (node.kind(), traced.offset(), *map(self.name, node.inputs()))
            self._names[name] = self._keys.setdefault(key, len(self._keys))
        return self._names[name]

    def key(self, node: Any) -> tuple[Hashable, ...]:
        """What an operator makes, by its name and what goes in."""
        return (node.kind(), *map(self.name, node.inputs()))

    def overwritten(self, traced: Any, value: Value) -> None:
        """A tensor holds other numbers from here on."""
        self._values[traced.debugName()] = value
        self._names[traced.debugName()] = len(self._keys)
        self._keys["overwritten", len(self._keys)] = len(self._keys)

    def constant(self, node: Any) -> Value:
        """A tensor that follows from no input and no parameter, or only chooses among numbers."""
        found = gathered(self.operands(node))
        size = shape(next(node.outputs()))
        return Value(blank(size or ()), behind=found.behind, sums=found.sums)

    def begun(self, node: Any) -> Value:
        """A tensor of its own: what it was made of is followed no further."""
        output = next(node.outputs())
        found, size = gathered(self.operands(node)), shape(output)
        if size is None or not found.sources:
            return self.constant(node)
        source = self.algebra.sources.named((*self.key(node), "begun"))
        return Value(
            fresh(size, source), frozenset((source,)), behind=found.behind, sums=found.sums
        )


def _anywhere(axes: Axes, size: Shape) -> Axes:
    """What varies somewhere may vary along every axis."""
    return (
        tuple(one_atom(tuple(atoms(axes)), side) for side in size) if marks(axes) else blank(size)
    )
