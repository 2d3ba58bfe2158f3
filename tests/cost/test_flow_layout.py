"""Axes of atoms against what torch does to tensors that vary along some axes alone."""

from __future__ import annotations

from math import prod

import torch
from hypothesis import given
from hypothesis import strategies as st

from archdsl.cost.flow.layout import (
    Atom,
    SourceAxis,
    aligned,
    atoms,
    fresh,
    marks,
    reshaped,
    united,
)
from archdsl.cost.flow.traced import length

sizes = st.lists(st.sampled_from([1, 2, 3, 4, 6]), min_size=1, max_size=4)


def splits(total):
    """Shapes of as many elements."""
    if total == 1:
        return st.lists(st.just(1), max_size=2)
    divisors = [d for d in range(2, total + 1) if total % d == 0]
    return st.sampled_from(divisors).flatmap(
        lambda d: splits(total // d).map(lambda rest: [d, *rest])
    )


@st.composite
def views(draw):
    before = draw(sizes)
    after = draw(splits(prod(before)))
    varies = draw(st.lists(st.booleans(), min_size=len(before), max_size=len(before)))
    return before, after, varies


def partly(shape, varies):
    """Axes of a source that is broadcast along some of them."""
    return tuple(
        tuple(atom if there else Atom(atom.size) for atom in axis)
        for axis, there in zip(fresh(tuple(shape), 0), varies, strict=True)
    )


@given(views())
def test_a_view_varies_where_its_tensor_does(drawn):
    before, after, varies = drawn
    axes = reshaped(partly(before, varies), tuple(after))
    assert length(axes) == tuple(after)
    own = [size if there else 1 for size, there in zip(before, varies, strict=True)]
    tensor = torch.arange(prod(own)).view(own).expand(before).reshape(after)
    for i, axis in enumerate(axes):
        moves = after[i] > 1 and bool((tensor != tensor.select(i, 0).unsqueeze(i)).any())
        there = any(isinstance(mark, SourceAxis) for atom in axis for mark in atom.marks)
        assert there or not moves  # and where atoms are cut apart, exactly
    there_and_back = reshaped(axes, tuple(before))
    assert marks(there_and_back) or not any(
        there and size > 1 for there, size in zip(varies, before, strict=True)
    )


def test_a_view_there_and_back_forgets_nothing_that_divides():
    axes = partly((2, 6, 4), (True, False, True))
    assert united([reshaped(reshaped(axes, (12, 4)), (2, 6, 4))]) == axes
    assert reshaped(reshaped(axes, (48,)), (2, 6, 4)) == axes


def test_an_order_that_cannot_be_cut_varies_as_a_whole():
    axes = reshaped(partly((4, 3), (False, True)), (3, 4))
    assert all(len(axis) == 1 and axis[0].marks for axis in axes)


@given(sizes, st.data())
def test_aligned_tensors_have_the_same_atoms(shape, data):
    one = reshaped(fresh(tuple(shape), 0), (prod(shape),))
    other = reshaped(fresh((prod(shape),), 1), (prod(shape),))
    single = fresh((1,), 2)
    found = aligned([one, other, single])
    assert len({tuple(atom.size for atom in atoms(axes)) for axes in found}) == 1
    assert not marks(found[2])
    assert length(united([one, other, single])) == (prod(shape),)
