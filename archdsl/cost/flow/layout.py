"""Along which axes a tensor varies, and with what.

An axis is a row of atoms, outermost first, as einops writes `(c n)`; an axis of length one is an
empty row. An atom carries marks: what the tensor's numbers depend on along it. A tensor that is
broadcast along an atom has no mark there, and keeps none through views and permutations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import prod
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class SourceAxis:
    """An atom runs along `axis` of a source, in steps of `stride` elements of it."""

    source: int
    axis: int
    stride: int


@dataclass(frozen=True, slots=True)
class Factor:
    """Along this atom, both factors of a product vary, each in its own way."""

    product: int


@dataclass(frozen=True, slots=True)
class Operand:
    """Along this atom, both operands vary of a sum that is larger than both."""

    addition: int


@dataclass(frozen=True, slots=True)
class Exponent:
    """Along this atom, both of two logarithms vary that were added."""

    addition: int


@dataclass(frozen=True, slots=True)
class Slots:
    """Along this atom, sums of these products lie side by side."""

    products: frozenset[int]


Mark: TypeAlias = SourceAxis | Factor | Operand | Exponent | Slots
Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Atom:
    """A part of an axis."""

    size: int
    marks: frozenset[Mark] = frozenset()


Axis: TypeAlias = tuple[Atom, ...]
Axes: TypeAlias = tuple[Axis, ...]


def blank(shape: Shape) -> Axes:
    """A tensor that is the same everywhere."""
    return tuple((Atom(size),) if size != 1 else () for size in shape)


def fresh(shape: Shape, source: int) -> Axes:
    """A source: it varies along all its axes."""
    return tuple(
        (Atom(size, frozenset((SourceAxis(source, i, 1),))),) if size != 1 else ()
        for i, size in enumerate(shape)
    )


def atoms(axes: Axes) -> list[Atom]:
    """All atoms, in the order of memory."""
    return [atom for axis in axes for atom in axis]


def marks(axes: Axes) -> frozenset[Mark]:
    """All marks."""
    return frozenset().union(*(atom.marks for atom in atoms(axes)))


def marked(axes: Axes, change: Callable[[Atom], Iterable[Mark]]) -> Axes:
    """The same atoms with other marks."""
    return tuple(
        tuple(replace(atom, marks=frozenset(change(atom))) for atom in axis) for axis in axes
    )


def sourced(axes: Axes, source: int) -> Axes:
    """As a new source that varies where the tensor did."""
    return tuple(
        tuple(
            replace(
                atom, marks=_others(atom) | {SourceAxis(source, i, prod(a.size for a in axis[j:]))}
            )
            if any(isinstance(mark, SourceAxis) for mark in atom.marks)
            else atom
            for j, atom in enumerate(axis, 1)
        )
        for i, axis in enumerate(axes)
    )


def _others(atom: Atom) -> frozenset[Mark]:
    return frozenset(mark for mark in atom.marks if not isinstance(mark, SourceAxis))


def one_atom(axis: Axis, size: int) -> Axis:
    """An axis whose order was lost, or its length: whatever varies along a part, along all."""
    if size == 1:
        return ()
    return (Atom(size, frozenset().union(*(atom.marks for atom in axis))),)


def reshaped(axes: Axes, shape: Shape) -> Axes:
    """The same elements in the same order."""
    if 0 in shape:
        return blank(shape)
    row, bounds = atoms(axes), _bounds(shape)
    ends = _bounds([atom.size for atom in row])
    common = sorted(bounds & ends)
    pieces: dict[int, Atom] = {}  # by their inner bound
    for low, high in pairwise(common):
        inside = [atom for atom, at in _placed(row) if low <= at < high]
        steps = sorted(bound for bound in bounds | ends if low <= bound <= high)
        if not _chain(steps):
            steps = sorted(bound for bound in bounds if low <= bound <= high)
            inside = list(one_atom(tuple(inside), high // low))
        for atom, at in _split(inside, low, steps):
            pieces[at] = atom
    out: list[Axis] = []
    at = prod(shape)
    for size in shape:
        at //= size
        held = sorted((low for low in pieces if at <= low < at * size), reverse=True)
        out.append(tuple(pieces[low] for low in held))
    return tuple(out)


def aligned(tensors: Sequence[Axes]) -> list[Axes]:
    """Broadcast against each other: the same atoms in all, without marks where one is repeated."""
    rank = max(map(len, tensors))
    padded = [((),) * (rank - len(axes)) + axes for axes in tensors]
    columns = [_same_atoms([axes[i] for axes in padded]) for i in range(rank)]
    return [tuple(column[k] for column in columns) for k in range(len(tensors))]


def united(tensors: Sequence[Axes]) -> Axes:
    """What an elementwise operator makes of tensors: it varies where one of them does."""
    found = aligned(tensors)
    return tuple(
        tuple(
            Atom(row[0].size, frozenset().union(*(atom.marks for atom in row)))
            for row in zip(*axis, strict=True)
        )
        for axis in zip(*found, strict=True)
    )


def _same_atoms(axes: list[Axis]) -> list[Axis]:
    size = max(prod(atom.size for atom in axis) for axis in axes)
    steps = sorted(set().union(*(_bounds([atom.size for atom in axis]) for axis in axes), {size}))
    if not _chain(steps):
        steps = [1, size]
        axes = [one_atom(axis, size) if axis else axis for axis in axes]
    if size == 1:
        return [()] * len(axes)
    whole = [axis or (Atom(size),) for axis in axes]
    return [tuple(atom for atom, _ in _split(list(axis), 1, steps)) for axis in whole]


def _bounds(sizes: Sequence[int]) -> set[int]:
    """How many elements lie inside each boundary, counted from the innermost."""
    found, inside = {1}, 1
    for size in reversed(sizes):
        inside *= size
        found.add(inside)
    return found


def _placed(row: Sequence[Atom], inside: int = 1) -> list[tuple[Atom, int]]:
    """Each atom with the number of elements inside it, outermost first."""
    found = []
    for atom in reversed(row):
        found.append((atom, inside))
        inside *= atom.size
    return found[::-1]


def _chain(steps: Sequence[int]) -> bool:
    return all(high % low == 0 for low, high in pairwise(steps))


def _split(row: list[Atom], inside: int, steps: Sequence[int]) -> list[tuple[Atom, int]]:
    """The atoms cut at steps that divide each other, with what lies inside; outermost first."""
    found = []
    for atom, at in _placed(row, inside):
        cuts = [step for step in steps if at <= step <= at * atom.size]
        for low, high in list(pairwise(cuts))[::-1]:
            found.append((_part(atom, high // low, low // at), low))
    return found


def _part(atom: Atom, size: int, stride: int) -> Atom:
    return Atom(
        size,
        frozenset(
            replace(mark, stride=mark.stride * stride) if isinstance(mark, SourceAxis) else mark
            for mark in atom.marks
        ),
    )
