"""Values as they are put together and told apart, whatever operator does it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import replace

from archdsl.cost.flow.layout import Atom, Axes, Factor, Mark, SourceAxis, marked, marks
from archdsl.cost.flow.products import SourceTensors, Value


def gathered(values: Sequence[Value]) -> Value:
    """Everything that values are made of, without axes."""
    return Value(
        axes=(),
        sources=frozenset().union(*(value.sources for value in values)),
        terms=frozenset().union(*(value.terms for value in values)),
        behind=frozenset().union(*(value.behind for value in values)),
        sums=frozenset().union(*(value.sums for value in values)),
    )


def without(value: Value, products: set[int]) -> Value:
    """A value in which some products are nothing but numbers."""
    if not products:
        return value

    def rest(atom: Atom) -> list[Mark]:
        return [
            mark
            for mark in atom.marks
            if not (isinstance(mark, Factor) and mark.product in products)
        ]

    return replace(value, axes=marked(value.axes, rest))


def renamed(value: Value, sources: SourceTensors, how: Hashable) -> Value:
    """A value whose elements were shifted, cut or spread."""
    new = {source: sources.moved(source, how) for source in value.sources}

    def places(atom: Atom) -> list[Mark]:
        return [
            replace(mark, source=new[mark.source]) if isinstance(mark, SourceAxis) else mark
            for mark in atom.marks
        ]

    return replace(
        value,
        axes=marked(value.axes, places),
        sources=frozenset(new.values()),
    )


def carries(value: Value, product: int) -> bool:
    """Whether a product varies along an axis of a value."""
    return Factor(product) in marks(value.axes)


def extended(axes: Axes, where: Iterable[bool], mark: Mark) -> Axes:
    """With a mark more on the atoms for which `where` says so, in their order."""
    there = iter(where)
    return marked(axes, lambda atom: atom.marks | {mark} if next(there) else atom.marks)
