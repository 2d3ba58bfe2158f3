"""What elementwise operators and reductions make of values, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace

from archdsl.cost.flow.layout import (
    Atom,
    Axes,
    Exponent,
    Factor,
    Mark,
    Operand,
    Slots,
    aligned,
    atoms,
    marked,
    marks,
    one_atom,
    sourced,
    united,
)
from archdsl.cost.flow.products import (
    FILTER,
    Ids,
    SourceTensor,
    SourceTensors,
    TensorProduct,
    Value,
    along,
    in_place,
)
from archdsl.cost.flow.values import carries, extended, gathered, without

SOURCES = 32
"""Of how many sources a value is told to be made; modules have fewer between two contractions."""

CURE = "write it as a matmul or an einsum, or give the module a method `macs`"

SUMMED = f"a product of two tensors that is summed is a contraction, which no counter sees.  {CURE}"
ADDED = (
    f"a chain that adds {FILTER} or more products of different tensors is a contraction, which no "
    f"counter sees.  {CURE}"
)
SQUARED = (
    "the summed square of a sum or difference that is larger than both its tensors has their "
    f"product in it, a contraction, which no counter sees.  {CURE}"
)


class ValueAlgebra:
    """Values from values. `suspect(problem)` notes what is wrong and gives it a number."""

    def __init__(self, suspect: Callable[[str], int], acquit: Callable[[int], None]) -> None:
        self.sources = SourceTensors()
        self._suspect = suspect
        self._acquit = acquit
        self._summed: dict[int, int] = {}  # suspicion -> product
        self._crossed: set[int] = set()  # products in the square of a sum

    def elementwise(self, values: Sequence[Value]) -> Value:
        """Any function of numbers at the same place."""
        values = self._normalised(values)
        return replace(gathered(values), axes=united([value.axes for value in values]))

    def added(self, values: Sequence[Value], addition: int) -> Value:
        """A sum or a difference."""
        live = [value for value in values if value.sources]
        logarithm = bool(live) and all(value.logarithm for value in live)
        found = replace(self.elementwise(values), logarithm=logarithm)
        if len(live) == 2:
            found = replace(found, axes=self._outer(live, found.axes, addition))
        return self.chained(found)

    def logarithm(self, value: Value) -> Value:
        """The logarithm of a value: the sum of two is that of a product."""
        return replace(self.elementwise([value]), logarithm=True)

    def exponential(self, value: Value) -> Value:
        """e to the value: of a sum of logarithms, a product."""
        return self._product_of(self.elementwise([value]), Exponent, crossed=False)

    def chained(self, value: Value) -> Value:
        """A value to which terms have been added."""
        value = replace(value, terms=self.sources.outermost(value.terms))
        if self.sources.counted(value.terms) < FILTER:
            return value
        self._suspect(ADDED)
        return replace(value, terms=frozenset())

    def _outer(self, values: Sequence[Value], axes: Axes, addition: int) -> Axes:
        one, other = aligned([value.axes for value in values])
        pairs = list(zip(map(along, atoms(one)), map(along, atoms(other)), strict=True))
        if all(value.logarithm for value in values):
            same = in_place(one, other)
            both = [all(pair) and not self.sources.is_image(*pair, same) for pair in pairs]
            axes = extended(axes, both, Exponent(addition))
        alone = {tuple(map(bool, pair)) for pair in pairs}
        if {(True, False), (False, True)} <= alone:
            axes = extended(axes, map(all, pairs), Operand(addition))
        return axes

    def multiplied(self, a: Value, b: Value, divided: bool = False) -> Value:
        """a·b, or a / b."""
        a, b = self._normalised((a, b))
        found = gathered((a, b))
        axes = united([a.axes, b.axes])
        if not a.sources or not b.sources:
            return replace(found, axes=axes)
        one, other = aligned([a.axes, b.axes])
        same = in_place(one, other)
        if self.sources.is_image(a.sources, b.sources, same | self._single(a, b)):
            return self.squared(replace(found, axes=axes))
        weights = [self._weights(a, b, False), self._weights(b, a, divided)]
        if not all(weights):
            return replace(found, axes=axes)
        varies = [
            (along(x) & weights[0], along(y) & weights[1])
            for x, y in zip(atoms(one), atoms(other), strict=True)
        ]
        both = [all(pair) and not self.sources.is_image(*pair, same) for pair in varies]
        single = (not any(x for x, _ in varies), not any(y for _, y in varies))
        large = all(bool(x) == bool(y) for x, y in varies) and not any(single)
        number = len(self.sources.products)
        self.sources.products.append(
            TensorProduct((a.sources, b.sources), large, single, found.behind)
        )
        terms = frozenset((number,))
        return replace(
            found,
            axes=extended(axes, both, Factor(number)),
            terms=terms,
            behind=found.behind | terms,
        )

    def multiplied_along(self, value: Value, reduced: frozenset[int]) -> Value:
        """The product of a tensor's own numbers along axes, which are tensors of their own."""
        if not any(along(atom) for axis in reduced for atom in value.axes[axis]):
            return value
        number = len(self.sources.products)
        pair = (value.sources, value.sources)
        self.sources.products.append(TensorProduct(pair, True, (False, False), value.behind))
        terms = frozenset((number,))
        there = [bool(along(atom)) for atom in atoms(value.axes)]
        return replace(
            value,
            axes=extended(value.axes, there, Factor(number)),
            terms=terms,
            behind=value.behind | terms,
        )

    def _single(self, a: Value, b: Value) -> Ids:
        """SourceTensors in both that vary nowhere."""
        placed = frozenset().union(*(along(atom) for v in (a, b) for atom in atoms(v.axes)))
        return (a.sources & b.sources) - placed

    def _weights(self, value: Value, other: Value, divided: bool) -> Ids:
        """The sources of a factor without statistics by which the other is normalised."""
        return frozenset(
            source
            for source in value.sources
            if not self.sources.normalises(source, other.sources, divided)
        )

    def squared(self, value: Value) -> Value:
        """A power: of a sum that is larger than both operands, it has their product in it."""
        return self._product_of(value, Operand, crossed=True)

    def _product_of(self, value: Value, kind: type[Operand | Exponent], crossed: bool) -> Value:
        """A value in which what was added is multiplied."""
        additions = {mark.addition for mark in marks(value.axes) if isinstance(mark, kind)}
        if not additions:
            return value
        empty: Ids = frozenset()
        first = len(self.sources.products)
        numbers = {addition: first + i for i, addition in enumerate(sorted(additions))}
        self.sources.products += [
            TensorProduct((empty, empty), False, (True, True)) for _ in numbers
        ]
        if crossed:
            self._crossed |= set(numbers.values())

        def factors(atom: Atom) -> list[Mark]:
            return [
                Factor(numbers[mark.addition]) if isinstance(mark, kind) else mark
                for mark in atom.marks
            ]

        return replace(value, axes=marked(value.axes, factors))

    def inverted(self, value: Value, key: Hashable) -> Value:
        """1 / value, or a negative power: a statistic becomes what its tensor is divided by."""
        rows = [self.sources.rows[source] for source in value.sources]
        if not rows or any(row.statistic_of is None for row in rows):
            return value
        of = frozenset().union(*(row.statistic_of or () for row in rows))
        source = self.sources.named(key, SourceTensor(frozenset(), of, divides=True))
        return replace(value, axes=sourced(value.axes, source), sources=frozenset((source,)))

    def summed(self, value: Value, reduced: frozenset[int]) -> Value:
        """A value that is summed along axes, before these go; what is wrong with that is noted."""
        row = [atom for axis in reduced for atom in value.axes[axis]]
        there = frozenset().union(*(atom.marks for atom in row))
        found = {
            product: self._suspect(SQUARED if product in self._crossed else SUMMED)
            for product in sorted(mark.product for mark in there if isinstance(mark, Factor))
        }
        self._summed.update({number: product for product, number in found.items()})
        slots = frozenset().union(*(mark.products for mark in there if isinstance(mark, Slots)))
        value = replace(
            without(value, set(found)),
            terms=value.terms | slots,
            sums=value.sums | set(found.values()),
        )
        return self.chained(value) if slots else value

    def reduced(self, value: Value, axes: frozenset[int], kept: bool, key: Hashable) -> Value:
        """One number for all along axes."""
        rest = [() if i in axes else axis for i, axis in enumerate(value.axes)]
        if not kept:
            rest = [axis for i, axis in enumerate(value.axes) if i not in axes]
        return self.derived(replace(value, axes=tuple(rest)), key, value.sources)

    def bounded(self, value: Value, key: Hashable) -> Value:
        """A value with so many sources that it is one itself from here on."""
        if len(value.sources) <= SOURCES:
            return value
        source = self.sources.named(key, SourceTensor(self.sources.bases(value.sources)))
        return replace(value, axes=sourced(value.axes, source), sources=frozenset((source,)))

    def derived(self, value: Value, key: Hashable, of: Ids | None = None) -> Value:
        """A value as a source of its own; `of` makes it a statistic."""
        if not value.sources:
            return value
        source = self.sources.named(key, SourceTensor(frozenset(), of))
        return replace(value, axes=sourced(value.axes, source), sources=frozenset((source,)))

    def windowed(self, value: Value, shape: tuple[int, ...], key: Hashable) -> Value:
        """A value with other lengths of its axes, made of windows of it."""
        axes = tuple(
            axis if size == _length(axis) else one_atom(axis, size)
            for axis, size in zip(value.axes, shape, strict=True)
        )
        return self.derived(replace(value, axes=axes), key, value.sources)

    def _normalised(self, values: Sequence[Value]) -> Sequence[Value]:
        """A sum that meets the summed tensor again is a statistic of it, and the product is one
        tensor from here on."""
        met = {
            (number, self._summed[number])
            for value in values
            for number in value.sums
            if number in self._summed
            for other in values
            if other is not value and carries(other, self._summed[number])
        }
        for number, _ in met:
            self._acquit(number)
        products = {product for _, product in met}
        return [without(value, products) for value in values] if met else values


def _length(axis: tuple[Atom, ...]) -> int:
    size = 1
    for atom in axis:
        size *= atom.size
    return size
