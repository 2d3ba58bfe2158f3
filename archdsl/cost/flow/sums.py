"""Reductions: whatever adds numbers of one tensor up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from archdsl.cost.contractions import labelled
from archdsl.cost.flow.layout import Atom, one_atom
from archdsl.cost.flow.products import Value
from archdsl.cost.flow.program import Program
from archdsl.cost.flow.roles import POOLS, is_squared, reduced_axes
from archdsl.cost.flow.traced import constants, items, length, shape
from archdsl.cost.flow.values import gathered


def reduction(program: Program, node: Any, name: str) -> Value:
    """Sums, means, powers and norms over axes."""
    first, output = next(node.inputs()), next(node.outputs())
    value, size = program.value(first), shape(output)
    if size is None:
        return program.begun(node)
    arguments = constants(node)
    axes = reduced_axes(name, arguments, len(value.axes))
    if is_squared(name, arguments):
        value = program.algebra.squared(value)
    if name == "logsumexp":
        value = program.algebra.exponential(value)
    value = program.algebra.summed(value, axes)
    return program.algebra.reduced(value, axes, len(size) == len(value.axes), program.key(node))


def choice(program: Program, node: Any, name: str) -> Value:
    """Reductions that add nothing up."""
    value, size = program.operands(node)[0], shape(next(node.outputs()))
    if size is None or (name in ("max", "min") and len(program.operands(node)) > 1):
        return program.algebra.elementwise(program.operands(node))
    axes = reduced_axes(name, constants(node), len(value.axes))
    if name == "prod":
        value = program.algebra.multiplied_along(value, axes)
    return program.algebra.reduced(value, axes, len(size) == len(value.axes), program.key(node))


def running_sum(program: Program, node: Any, name: str) -> Value:
    """As long as before."""
    value = program.operands(node)[0]
    axes = reduced_axes(name, constants(node), len(value.axes))
    return program.algebra.derived(
        program.algebra.summed(value, axes), program.key(node), value.sources
    )


def pool(program: Program, node: Any, name: str) -> Value:
    """Means over windows of the last axes."""
    value, size = program.operands(node)[0], shape(next(node.outputs()))
    if size is None:
        return program.begun(node)
    rank = len(value.axes)
    value = program.algebra.summed(value, frozenset(range(rank - POOLS[name], rank)))
    return program.algebra.windowed(value, size, program.key(node))


def added_at(program: Program, node: Any, name: str) -> Value:
    """Numbers of one tensor added to those of another at places that an index says."""
    into, *_, source = program.operands(node)
    axis = constants(node)[1]
    rank = len(source.axes)
    axes = frozenset((axis % rank,)) if isinstance(axis, int) and rank else frozenset(range(rank))
    source = program.algebra.summed(source, axes)
    rows = tuple(
        one_atom(row, side) if i in axes or length((row,)) != (side,) else row
        for i, (row, side) in enumerate(zip(source.axes, length(into.axes), strict=False))
    )
    moved = program.algebra.derived(replace(source, axes=rows), (*program.key(node), "moved"))
    return program.algebra.added((into, moved), program.name(next(node.outputs())))


def folded(program: Program, node: Any, name: str) -> Value:
    """Patches (B, C·slots, L) added up where they overlap."""
    value = program.operands(node)[0]
    _, _, kernel, dilation, _, stride = constants(node)
    apart = kernel == stride and set(dilation) == {1}
    if not apart:
        value = program.algebra.summed(value, frozenset(range(1, len(value.axes))))
    size = shape(next(node.outputs()))
    if size is None:
        return program.begun(node)
    row: tuple[Atom, ...] = tuple(atom for axis in value.axes for atom in axis)
    axes = tuple(one_atom(row, side) for side in size)
    return program.algebra.derived(replace(value, axes=axes), program.key(node))


def einsum(program: Program, node: Any, name: str) -> Value:
    """What one operand alone has is summed before; what is left is a product, or was counted."""
    equation, listed = constants(node)[0], items(list(node.inputs())[1])
    values, sizes = [program.value(item) for item in listed], [shape(item) for item in listed]
    if len(values) > 2 or None in sizes:
        return program.begun(node)
    labels, output = labelled(equation, [size for size in sizes if size is not None])
    order = _order(equation, output)
    if any(len(row) != len(size or ()) for row, size in zip(labels, sizes, strict=True)):
        return program.begun(node)  # a diagonal
    for i, row in enumerate(labels):
        others = output.union(*(other for j, other in enumerate(labels) if j != i))
        alone = frozenset(k for k, label in enumerate(row) if label not in others)
        if alone:
            values[i] = program.algebra.reduced(
                program.algebra.summed(values[i], alone), alone, True, (*program.key(node), i)
            )
    if len(values) == 2 and not labels[0].keys() | labels[1].keys() <= output:
        found = program.begun(node)  # its rule counts it
        return replace(found, sums=found.sums | gathered(values).sums)
    turned = [
        replace(
            value,
            axes=tuple(
                value.axes[list(row).index(label)] if label in row else () for label in order
            ),
        )
        for row, value in zip(labels, values, strict=True)
    ]
    return turned[0] if len(turned) == 1 else program.algebra.multiplied(turned[0], turned[1])


def _order(equation: str, output: set[str]) -> list[str]:
    """The labels of the output in their order; those of an ellipsis stand where it does."""
    hidden = sorted((label for label in output if label.startswith("-")), key=int)
    _, arrow, right = equation.replace(" ", "").partition("->")
    if not arrow:
        return [*hidden, *sorted(output - set(hidden))]
    head, dots, tail = right.partition("...")
    return [*head, *(hidden if dots else ()), *tail]
