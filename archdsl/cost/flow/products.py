"""Which tensors are sources of others, which products are contractions once they are summed."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from archdsl.cost.flow.layout import Atom, Axes, SourceAxis, atoms

Ids: TypeAlias = frozenset[int]

FILTER = 4
"""A chain that adds as many products is a filter: rotations and blends add two, three are few."""


@dataclass(frozen=True, slots=True)
class SourceTensor:
    """A tensor that no elementwise operator made.

    bases: the sources of which it is a view, a shift or a part; itself, if it is none
    statistic_of: the sources over which it was reduced
    divides: whether it is the reciprocal of a statistic
    held: whether it is a parameter or a buffer, or a part of one
    """

    bases: Ids
    statistic_of: Ids | None = None
    divides: bool = False
    held: bool = False


@dataclass(frozen=True, slots=True)
class TensorProduct:
    """a·b of two different tensors.

    tensors: the sources of a and b
    large: whether a and b vary along the same axes; else one is a gate, broadcast along some
    single: which of them is a single number
    behind: the products that a and b follow from
    """

    tensors: tuple[Ids, Ids]
    large: bool
    single: tuple[bool, bool]
    behind: Ids = frozenset()


@dataclass(frozen=True, slots=True)
class Value:
    """A tensor of the program.

    axes: along which it varies, and with what
    sources: what it is elementwise made of; constants are none
    terms: the products that it adds up
    behind: the products that it follows from in any way
    sums: the reductions under suspicion that it follows from in any way
    logarithm: whether it is a logarithm, or a sum of these
    """

    axes: Axes
    sources: Ids = frozenset()
    terms: Ids = frozenset()
    behind: Ids = frozenset()
    sums: Ids = frozenset()
    logarithm: bool = False


@dataclass
class SourceTensors:
    """Every source by its number; what is made alike of the same has the same."""

    rows: list[SourceTensor] = field(default_factory=list)
    products: list[TensorProduct] = field(default_factory=list)
    _known: dict[Hashable, int] = field(default_factory=dict)

    def named(self, key: Hashable, row: SourceTensor | None = None) -> int:
        """The number for a key; one that is new is a base of its own unless `row` says more."""
        number = self._known.get(key)
        if number is None:
            number = self._known[key] = len(self.rows)
            self.rows.append(row or SourceTensor(frozenset((number,))))
            if row is not None and not row.bases:
                self.rows[number] = SourceTensor(
                    frozenset((number,)), row.statistic_of, row.divides, row.held
                )
        return number

    def moved(self, source: int, how: Hashable) -> int:
        """A source that was shifted, cut or spread."""
        row = self.rows[source]
        return self.named(
            (how, source), SourceTensor(row.bases, row.statistic_of, row.divides, row.held)
        )

    def bases(self, sources: Iterable[int]) -> Ids:
        """The tensors that these are parts of."""
        return frozenset().union(*(self.rows[source].bases for source in sources))

    def normalises(self, source: int, others: Ids, divided: bool) -> bool:
        """Whether a source is a statistic of others by which they are divided."""
        by_it = divided or self.rows[source].divides
        return by_it and self._is_statistic(source, others)

    def _follows(self, sources: Ids, others: Ids) -> bool:
        """Whether sources are among others, or statistics of them."""
        return all(source in others or self._is_statistic(source, others) for source in sources)

    def _is_statistic(self, source: int, others: Ids) -> bool:
        of = self.rows[source].statistic_of
        return of is not None and self._follows(of, others)

    def is_image(self, one: Ids, other: Ids, same: Ids) -> bool:
        """Whether two factors are elementwise made of the same tensors.

        same: the sources that stand at the same place in both. Statistics of them are no others.
        """
        common = one & other & same
        return bool(common) and all(
            self._is_statistic(source, common) for source in (one | other) - common
        )

    def outermost(self, terms: Ids) -> Ids:
        """Terms without those from which others follow: these were residuals on the way."""
        return terms.difference(*(self.products[term].behind for term in terms))

    def counted(self, terms: Ids) -> int:
        """How many products of a chain a filter would have.

        Two large factors count. A product with one that is broadcast, a gate or a layer scale,
        counts beside others only where they weigh parts of one tensor.
        """
        large = [term for term in terms if self.products[term].large]
        small = [term for term in terms if not self.products[term].large]
        groups: list[list[int]] = []
        for term in small:
            near = [group for group in groups if any(self._related(term, to) for to in group)]
            groups = [group for group in groups if group not in near]
            groups.append([term, *(one for group in near for one in group)])
        together = max(map(len, groups), default=0)
        return len(large) + (together if together > 1 else 0)

    def _related(self, one: int, other: int) -> bool:
        return any(
            self._parts_of_one(mine, yours)
            for mine in self._weighed(self.products[one])
            for yours in self._weighed(self.products[other])
        )

    def _weighed(self, product: TensorProduct) -> list[Ids]:
        """The factors that may be parts of a larger tensor: parameters and numbers are weights."""
        return [
            sources
            for sources, single in zip(product.tensors, product.single, strict=True)
            if not single and not all(self.rows[source].held for source in sources)
        ] or list(product.tensors)

    def _parts_of_one(self, one: Ids, other: Ids) -> bool:
        return one == other or bool(self.bases(one - other) & self.bases(other - one))


def along(atom: Atom) -> Ids:
    """The sources that vary along an atom."""
    return frozenset(mark.source for mark in atom.marks if isinstance(mark, SourceAxis))


def in_place(one: Axes, other: Axes) -> Ids:
    """The sources that stand at the same place in two aligned tensors."""
    places = [_places(axes) for axes in (one, other)]
    return frozenset(
        source for source, where in places[0].items() if places[1].get(source) == where
    )


def _places(axes: Axes) -> dict[int, set[tuple[int, SourceAxis]]]:
    found: dict[int, set[tuple[int, SourceAxis]]] = {}
    for i, atom in enumerate(atoms(axes)):
        for mark in atom.marks:
            if isinstance(mark, SourceAxis):
                found.setdefault(mark.source, set()).add((i, mark))
    return found
