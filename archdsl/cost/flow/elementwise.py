"""The elementwise operators that multiply, add, square or invert; all others are alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archdsl.cost.flow.layout import one_atom
from archdsl.cost.flow.products import Value
from archdsl.cost.flow.program import Program
from archdsl.cost.flow.roles import QUOTIENTS
from archdsl.cost.flow.traced import constant, constants, is_tensor, shape
from archdsl.cost.flow.values import gathered, renamed


def product(program: Program, node: Any, name: str) -> Value:
    """a·b and a / b."""
    values = program.operands(node)
    if len(values) < 2:
        return values[0]
    return program.algebra.multiplied(values[0], values[1], divided=name in QUOTIENTS)


def addition(program: Program, node: Any, name: str) -> Value:
    """a + b and a - b."""
    return program.algebra.added(program.operands(node), program.name(next(node.outputs())))


def added_product(program: Program, node: Any, name: str) -> Value:
    """c + a·b and c + a / b."""
    c, a, b = program.operands(node)[:3]
    made = program.algebra.multiplied(a, b, divided=name == "addcdiv")
    return program.algebra.added((c, made), program.name(next(node.outputs())))


def blend(program: Program, node: Any, name: str) -> Value:
    """a + w·(b - a)."""
    a, b, *weight = program.operands(node)
    number = program.name(next(node.outputs()))
    made = program.algebra.added((b, a), number)
    if weight:
        made = program.algebra.multiplied(weight[0], made)
    return program.algebra.added((a, made), number)


def power(program: Program, node: Any, name: str) -> Value:
    """A power of a tensor, or of a number to a tensor."""
    found = program.algebra.elementwise(program.operands(node))
    base, *exponents = node.inputs()
    if not is_tensor(base):
        return found
    exponent = 2 if name == "square" else constant(exponents[0])
    if isinstance(exponent, (int, float)):
        if abs(exponent) > 1:
            found = program.algebra.squared(found)
        if exponent < 0:
            found = program.algebra.inverted(found, program.key(node))
        return found
    return program.algebra.squared(found)


def inverse(program: Program, node: Any, name: str) -> Value:
    """1 / x and 1 / √x."""
    found = program.algebra.elementwise(program.operands(node))
    return program.algebra.inverted(found, program.key(node))


def logarithm(program: Program, node: Any, name: str) -> Value:
    """log x, to whatever base."""
    return program.algebra.logarithm(program.operands(node)[0])


def exponential(program: Program, node: Any, name: str) -> Value:
    """A power of e or of two."""
    return program.algebra.exponential(program.operands(node)[0])


def gated(program: Program, node: Any, name: str) -> Value:
    """One half of a tensor times the sigmoid of the other."""
    value = program.operands(node)[0]
    size = shape(next(node.outputs()))
    axis = constants(node)[1]
    if size is None or axis is None:
        return program.begun(node)
    axis %= len(size)
    rows = list(value.axes)
    rows[axis] = one_atom(rows[axis], size[axis])
    half = replace(value, axes=tuple(rows))
    one, other = (renamed(half, program.algebra.sources, ("glu", axis, side)) for side in (0, 1))
    return program.algebra.multiplied(one, other)


def written(program: Program, node: Any, name: str) -> Value:
    """A tensor with numbers of another in some places."""
    values = program.operands(node)
    found = gathered(values)
    size = shape(next(node.outputs()))
    if size is None:
        return program.begun(node)
    row = tuple(atom for value in values for axis in value.axes for atom in axis)
    axes = tuple(one_atom(row, side) for side in size)
    largest = max((value.terms for value in values), key=len)
    return program.algebra.derived(
        replace(found, axes=axes, terms=largest), (*program.key(node), "written")
    )
