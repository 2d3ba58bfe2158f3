"""Tensors that are written to through a view of them: the whole holds other numbers then."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from archdsl.cost.flow.layout import Axes, Shape, Slots, SourceAxis, fresh, marks, united
from archdsl.cost.flow.moves import TURNS, turned
from archdsl.cost.flow.products import Ids, SourceTensor, Value
from archdsl.cost.flow.program import Program
from archdsl.cost.flow.roles import RESHAPES, SAME, names
from archdsl.cost.flow.traced import constants, shape
from archdsl.cost.flow.values import gathered

_VIEWS = names("""
alias chunk detach diagonal expand expand_as flatten movedim narrow permute reshape select slice
split split_with_sizes squeeze swapaxes t transpose unbind unflatten unfold unsqueeze view view_as
""")

Region = tuple[tuple[int, int, int], ...]
"""For each axis of a tensor where a view of it starts, where it ends, and its step."""


@dataclass(frozen=True, slots=True)
class View:
    """A view of a tensor. axes: which of its axes each of the view's is; None where it is mixed"""

    of: Any
    region: Region
    axes: tuple[int, ...] | None


@dataclass(slots=True)
class WrittenTensor:
    """A tensor that was written to: by region, the products that were added up there."""

    shape: Shape
    terms: dict[Region, Ids] = field(default_factory=dict)


class Writes:
    """Which tensors are views of which, and what was written through them."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._views: dict[str, View] = {}
        self._written: dict[str, WrittenTensor] = {}
        self._same: dict[str, list[Any]] = {}  # every name of a tensor that is written to

    def viewed(self, node: Any, name: str) -> None:
        """Note what a node views, and take along what was written where it looks."""
        if name not in _VIEWS:
            return
        first = next(node.inputs())
        for output in node.outputs():
            view = _view(self._root(first), node, name, first)
            if view is None:
                continue
            self._views[output.debugName()] = view
            written = self._written.get(view.of.debugName())
            if written is not None:
                terms = [ids for region, ids in written.terms.items() if _meet(region, view.region)]
                value = self._program.value(output)
                self._program.set(output, replace(value, terms=frozenset().union(*terms)))

    def written(self, node: Any, name: str) -> None:
        """An operator wrote into its first argument what it gives."""
        first, output = next(node.inputs()), next(node.outputs())
        if name in RESHAPES or name in ("transpose", "t", "swapaxes"):
            return  # it changed its shape alone
        value = self._program.value(output)
        view = self._root(first)
        self._views[output.debugName()] = view
        if view.region == _whole(view.of) and view.axes is not None:
            whole = value if len(view.axes) == len(value.axes) else None
        else:
            whole = None
        written = self._written.setdefault(view.of.debugName(), WrittenTensor(shape(view.of) or ()))
        if whole is None:
            base = self._program.value(view.of)
            written.terms.setdefault(_whole(view.of), base.terms)
            written.terms[view.region] = value.terms
            whole = self._into(base, value, view, written)
        else:
            written.terms = {view.region: value.terms}
        self._program.overwritten(first, value)
        names = self._same.setdefault(view.of.debugName(), [view.of])
        if view.region == _whole(view.of):
            names.extend((first, output))
        for name_of_it in names:
            if len(self._program.value(name_of_it).axes) == len(whole.axes):
                self._program.overwritten(name_of_it, whole)

    def copied(self, node: Any) -> Value:
        """What `copy_` puts in: the second argument, broadcast to the first."""
        into, other = list(node.inputs())[:2]
        value = self._program.value(other)
        size = shape(into)
        if size is None:
            return self._program.begun(node)
        empty = tuple(
            tuple(replace(atom, marks=frozenset()) for atom in axis)
            for axis in self._program.value(into).axes
        )
        return replace(value, axes=united([value.axes, empty]))

    def _root(self, traced: Any) -> View:
        found = self._views.get(traced.debugName())
        if found is not None:
            return found
        return View(traced, _whole(traced), tuple(range(len(shape(traced) or ()))))

    def _into(self, base: Value, value: Value, view: View, written: WrittenTensor) -> Value:
        """The whole tensor, when a value was written into a part of it."""
        found = gathered((base, value))
        size = shape(view.of) or ()
        if not found.sources:
            return base
        sources = self._program.algebra.sources
        source = sources.named(
            ("written", len(sources.rows)), SourceTensor(sources.bases(found.sources))
        )
        added = frozenset().union(*written.terms.values())
        whole = _whole(view.of)
        rows = []
        for i, axis in enumerate(fresh(size, source)):
            own = frozenset().union(*(atom.marks for atom in base.axes[i]))
            kept = own | _along(value.axes, view.axes, i)
            kept = frozenset(mark for mark in kept if not isinstance(mark, (SourceAxis, Slots)))
            parted = view.region[i] != whole[i] or any(isinstance(mark, Slots) for mark in own)
            if parted and added:
                kept |= {Slots(added)}
            rows.append(tuple(replace(atom, marks=atom.marks | kept) for atom in axis))
        largest = max(written.terms.values(), key=len)
        return replace(found, axes=tuple(rows), sources=frozenset((source,)), terms=largest)


def _along(axes: Axes, order: tuple[int, ...] | None, axis: int) -> frozenset[Any]:
    """The marks that a view's value has along an axis of the whole."""
    if order is None:
        return marks(axes)
    return marks(tuple(row for row, of in zip(axes, order, strict=False) if of == axis))


def _whole(traced: Any) -> Region:
    return tuple((0, size, 1) for size in shape(traced) or ())


def _view(root: View, node: Any, name: str, first: Any) -> View | None:
    """The view that a node makes of a view."""
    before = shape(first)
    arguments = constants(node)
    if before is None:
        return None
    if name in SAME:
        return root
    if root.axes is None or len(root.axes) != len(before):
        return replace(root, axes=None)
    if name in ("select", "slice") and None not in arguments[1:3]:
        axis = arguments[1] % len(before)
        of = root.axes[axis]
        start, stop = _span(name, arguments, before[axis])
        low, _, step = root.region[of]
        by = arguments[4] if name == "slice" and len(arguments) > 4 else 1
        if None in (start, stop, by):
            return replace(root, axes=None)
        span = (low + start * step, low + stop * step, step * by)
        region = (*root.region[:of], span, *root.region[of + 1 :])
        axes = root.axes if name == "slice" else root.axes[:axis] + root.axes[axis + 1 :]
        return View(root.of, region, axes)
    order = turned(name, len(before), arguments) if name in TURNS else None
    if order is not None:
        return replace(root, axes=tuple(root.axes[i] for i in order))
    return replace(root, axes=None)


def _span(name: str, arguments: list[Any], size: int) -> tuple[Any, Any]:
    if name == "select":
        at = arguments[2] % size
        return at, at + 1
    start, stop = (
        min(end + size if end < 0 else end, size) if end is not None else None
        for end in arguments[2:4]
    )
    return start, stop


def _meet(one: Region, other: Region) -> bool:
    """Whether two regions have elements in common; without steps, exactly."""
    return all(
        a[0] < b[1] and b[0] < a[1] and not (a[2] == b[2] and (a[0] - b[0]) % a[2])
        for a, b in zip(one, other, strict=True)
    )
