"""Where the axes of a tensor go when its elements are moved."""

from __future__ import annotations

from typing import Any, NamedTuple

from archdsl.cost.flow.layout import Axes, Axis, Shape, blank, one_atom, reshaped
from archdsl.cost.flow.roles import EXPANDS, RESHAPES, SAME, names


class Moved(NamedTuple):
    """kept: whether every element is where it was among its neighbours, so that the sources stay"""

    axes: Axes
    kept: bool


TURNS = names("mH mT numpy_T adjoint movedim moveaxis permute swapaxes swapdims t transpose")


def moved(name: str, axes: Axes, before: Shape, after: Shape, arguments: list[Any]) -> Moved:
    """The axes after an operator that gives elements of its first argument.

    arguments: what the program wrote for each argument, None for tensors and computed numbers
    """
    if name in SAME or (name == "slice" and before == after):
        return Moved(axes, kept=True)
    if name in RESHAPES:
        return Moved(reshaped(axes, after), kept=True)
    if name in EXPANDS:
        return Moved(_expanded(axes, before, after), kept=True)
    if name in ("repeat", "tile"):
        return Moved(_repeated(axes, before, after), kept=True)
    if name in TURNS:
        order = turned(name, len(before), arguments)
        if order is not None:
            return Moved(tuple(axes[i] for i in order), kept=True)
    if name in ("select", "unbind"):
        axis = arguments[1] if len(arguments) > 1 else 0
        if axis is not None:
            axis %= len(before)
            return Moved(axes[:axis] + axes[axis + 1 :], kept=False)
    if len(before) == len(after):
        return Moved(_along(axes, before, after), kept=False)
    return Moved(_anywhere(axes, after), kept=False)


def turned(name: str, rank: int, arguments: list[Any]) -> list[int] | None:
    """The order in which a permutation takes the axes; None where it is computed."""
    order = list(range(rank))
    written = arguments[1:]
    if name == "numpy_T":
        return order[::-1]
    if name in ("t", "mT", "mH", "adjoint"):
        return order if rank < 2 else [*order[:-2], order[-1], order[-2]]
    if len(written) < (1 if name == "permute" else 2) or not _known(written):
        return None
    if name == "permute":
        return [axis % rank for axis in written[0]]
    if name in ("movedim", "moveaxis"):
        sources, targets = ([end] if isinstance(end, int) else end for end in written[:2])
        sources, targets = [i % rank for i in sources], [i % rank for i in targets]
        rest = [axis for axis in order if axis not in sources]
        there = dict(zip(targets, sources, strict=True))
        return [there[i] if i in there else rest.pop(0) for i in order]
    one, other = (axis % rank for axis in written[:2])
    order[one], order[other] = other, one
    return order


def _known(written: list[Any]) -> bool:
    return all(None not in item if isinstance(item, list) else item is not None for item in written)


def _expanded(axes: Axes, before: Shape, after: Shape) -> Axes:
    new = len(after) - len(before)
    return tuple(
        axes[i - new] if i >= new and before[i - new] == size else blank((size,))[0]
        for i, size in enumerate(after)
    )


def _repeated(axes: Axes, before: Shape, after: Shape) -> Axes:
    new = len(after) - len(before)
    out: list[Axis] = []
    for i, size in enumerate(after):
        own = axes[i - new] if i >= new else ()
        length = before[i - new] if i >= new else 1
        out.append((*blank((size // max(length, 1),))[0], *own))
    return tuple(out)


def _along(axes: Axes, before: Shape, after: Shape) -> Axes:
    """Axis by axis: what is as long as before keeps its parts."""
    return tuple(
        axis if size == old else one_atom(axis, size)
        for axis, old, size in zip(axes, before, after, strict=True)
    )


def _anywhere(axes: Axes, after: Shape) -> Axes:
    """Nothing is known: what varies somewhere may vary along every axis."""
    everything = tuple(atom for axis in axes for atom in axis)
    return tuple(one_atom(everything, size) for size in after)
