from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.data.split import stratified
from archdsl.errors import SearchError

SIZES = st.lists(st.integers(3, 40), min_size=1, max_size=5)
SHARES = st.floats(0.01, 0.3)


def split_of(sizes: list[int], val: float = 0.2, test: float = 0.2, reverse: bool = False):
    items = [(f"{label}/{n}", label) for label, size in enumerate(sizes) for n in range(size)]
    if reverse:
        items.reverse()
    keys, labels = zip(*items, strict=True)
    parts = stratified(
        keys, labels, val=val, test=test, name="here", class_names=[str(n) for n in range(9)]
    )
    return parts, keys, labels


@given(SIZES, SHARES, SHARES)
def test_splits_share_nothing_lose_nothing_and_have_every_class(sizes, val, test):
    parts, keys, labels = split_of(sizes, val, test)
    together = [*parts.train, *parts.val, *parts.test]
    assert sorted(together) == list(range(len(keys)))
    for part in (parts.train, parts.val, parts.test):
        assert {labels[index] for index in part} == set(range(len(sizes)))


@given(SIZES)
def test_an_item_stays_in_its_split_whatever_the_order(sizes):
    one, keys_of_one, _ = split_of(sizes)
    other, keys_of_other, _ = split_of(sizes, reverse=True)
    assert {keys_of_one[i] for i in one.test} == {keys_of_other[i] for i in other.test}
    assert {keys_of_one[i] for i in one.val} == {keys_of_other[i] for i in other.val}


def test_a_share_of_nothing_sets_nothing_aside():
    parts, *_ = split_of([5, 5], val=0.0)
    assert parts.val == ()
    assert len(parts.test) == 2


def test_three_images_fill_three_splits_and_two_do_not():
    split_of([3, 3])
    with pytest.raises(SearchError, match="here: class '1' has 2 images, too few for 3 splits"):
        split_of([3, 2])


def test_the_split_never_moves():
    parts, *_ = split_of([6, 6])
    assert (parts.val, parts.test) == ((0, 6), (4, 9))
