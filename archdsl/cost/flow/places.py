"""Operators that move elements: one tensor to one, one to several, several to one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archdsl.cost.flow.layout import Atom, Slots, SourceAxis, sourced, united
from archdsl.cost.flow.moves import moved
from archdsl.cost.flow.products import SourceTensor, Value
from archdsl.cost.flow.program import Program
from archdsl.cost.flow.traced import constant, constants, is_tensor, items, operator, shape
from archdsl.cost.flow.values import gathered, renamed
from archdsl.cost.free import FREE


def move(program: Program, node: Any, name: str) -> Value:
    """One tensor to one."""
    return part(program, node, next(node.inputs()), next(node.outputs()), 0)


def part(program: Program, node: Any, first: Any, output: Any, number: int) -> Value:
    """One of the tensors that an operator makes of its first argument."""
    before, after = shape(first), shape(output)
    if before is None or after is None:
        return program.begun(node)
    name = operator(node)[0]
    value = program.value(first)
    axes, kept = moved(name, value.axes, before, after, constants(node))
    value = replace(value, axes=axes)
    if kept:
        return value
    how = (name, number, *map(program.name, list(node.inputs())[1:]))
    return renamed(value, program.algebra.sources, how)


def parts(program: Program, node: Any) -> list[Value]:
    """The tensors of a list that is unpacked."""
    maker = next(node.inputs()).node()
    outputs = list(node.outputs())
    if maker.kind() in ("prim::ListConstruct", "prim::TupleConstruct"):
        return [program.value(value) for value in maker.inputs()]
    if maker.kind() not in FREE or not list(maker.inputs()):
        return [program.begun(maker) for _ in outputs]
    firsts = items(next(maker.inputs()))
    if len(firsts) != len(outputs):
        firsts = firsts[:1] * len(outputs)
    return [
        part(program, maker, first, output, i)
        for i, (first, output) in enumerate(zip(firsts, outputs, strict=True))
    ]


def join(program: Program, node: Any, name: str) -> Value:
    """Several tensors side by side: what they add up lies in slots of the axis between them."""
    listed, *rest = node.inputs()
    size, axis = shape(next(node.outputs())), constant(rest[0]) if rest else 0
    values = [program.value(item) for item in items(listed) if is_tensor(item)]
    if size is None or axis is None or not values:
        return program.begun(node)
    axis %= len(size)
    found = gathered(values)
    bases = program.algebra.sources.bases(found.sources)
    held = all(program.algebra.sources.rows[source].held for source in found.sources)
    source = program.algebra.sources.named(program.key(node), SourceTensor(bases, held=held))
    stacked = name == "stack"
    rows = [_without(value, axis, stacked) for value in values]
    joined = list(sourced(united(rows), source))
    own = {
        mark
        for value in values
        if not stacked and len(value.axes) == len(size)
        for atom in value.axes[axis]
        for mark in atom.marks
        if not isinstance(mark, SourceAxis)
    }
    slots = {Slots(found.terms)} if found.terms else set()
    joined[axis] = (Atom(size[axis], frozenset({*own, *slots, SourceAxis(source, axis, 1)})),)
    largest = max((value.terms for value in values), key=len)
    return replace(found, axes=tuple(joined), sources=frozenset((source,)), terms=largest)


def _without(value: Value, axis: int, stacked: bool) -> tuple[tuple[Atom, ...], ...]:
    """The axes of one of the tensors, with nothing along the axis on which they are joined."""
    after = value.axes[axis:] if stacked else value.axes[axis + 1 :]
    return (*value.axes[:axis], (), *after)
