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
    with pytest.raises(SearchError) as caught:
        split_of([3, 2])
    assert str(caught.value) == (
        "here: class '1' has 2 images, too few for 3 splits.  add images, or leave the class out"
    )


def test_one_image_is_a_class_of_a_training_split_that_nothing_is_set_aside_of():
    parts, *_ = split_of([3, 1], val=0.0, test=0.0)
    assert len(parts.train) == 4
    with pytest.raises(SearchError) as caught:
        split_of([3, 1], val=0.0)
    assert str(caught.value) == (
        "here: class '1' has 1 image, too few for 2 splits.  add images, or leave the class out"
    )
    split_of([3, 2], val=0.0)


def test_shares_that_leave_nothing_to_train_on_are_to_be_smaller():
    with pytest.raises(SearchError) as caught:
        split_of([4, 4], val=0.49, test=0.49)
    assert str(caught.value) == (
        "here: class '0' has 4 images, too few for 3 splits of these shares.  add images, or take "
        "smaller shares for val and test"
    )
    split_of([4, 4], val=0.3, test=0.3)


def test_the_split_never_moves():
    parts, *_ = split_of([6, 6])
    assert (parts.val, parts.test) == ((0, 6), (4, 9))
