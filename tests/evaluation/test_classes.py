"""Which logit each class of the data is: by name, by number, by order, or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.errors import SearchError
from archdsl.evaluation.classes import Matching, imagenet, matched


def found(data: tuple[str, ...], weights: tuple[str, ...], classes: int | None = None) -> Matching:
    many = len(weights) if classes is None else classes
    return matched(data, weights, many, source="flowers", says="kept.safetensors")


@given(st.permutations(["daisy", "rose", "tulip", "0", "1"]), st.integers(1, 5))
def test_a_name_finds_its_logit_in_any_order(names: list[str], many: int) -> None:
    weights = ("tulip", "0", "rose", "daisy", "1")
    data = tuple(names[:many])
    assert [weights[logit] for logit in found(data, weights).logits] == list(data)


def test_another_order_and_missing_classes_are_said() -> None:
    weights = ("daisy", "rose", "tulip")
    assert found(weights, weights).words == "by name, as kept.safetensors says them"
    assert found(("tulip", "daisy"), weights).words == (
        "by name, as kept.safetensors says them; the data have them in another order; the data "
        "have no 'rose'"
    )


def test_a_class_that_the_weights_do_not_know_is_refused() -> None:
    with pytest.raises(SearchError) as caught:
        found(("daisy", "orchid"), ("daisy", "rose"))
    assert str(caught.value) == (
        "flowers: it has 'orchid', and the model's classes are 'daisy' 'rose' (kept.safetensors).  "
        "rename the class folders as the model names its classes, or leave out those that it does "
        "not know"
    )


def test_numbers_are_the_logits_of_classes_with_names() -> None:
    matching = found(("0", "1"), ("daisy", "rose"))
    assert (matching.logits, matching.names) == ((0, 1), ("daisy", "rose"))
    assert matching.words == (
        "by number: the data number their classes from 0 to 1, which are taken for 'daisy' 'rose'"
    )
    assert found(("0", "1"), (), 3).words == "by number: the data number their classes from 0 to 1"
    with pytest.raises(SearchError, match="it has '0' '1' '2', and the model's classes are"):
        found(("0", "1", "2"), ("daisy", "rose"))


def test_without_names_all_classes_are_matched_by_order_and_fewer_are_refused() -> None:
    matching = found(("daisy", "rose"), (), 2)
    assert (matching.logits, matching.names) == ((0, 1), ("daisy", "rose"))
    assert matching.words.startswith("by order: nothing says the names of the model's classes")
    with pytest.raises(SearchError, match="it has 2 classes, and the model 3 without names"):
        found(("daisy", "rose"), (), 3)


def test_synsets_are_found_among_those_of_imagenet() -> None:
    names = imagenet()
    assert len(set(names)) == 1000 and list(names) == sorted(names)
    assert all(re.fullmatch(r"n\d{8}", name) for name in names)
    some = ("n01440764", "n03888257")  # the tench is the first class, the parachute the 702nd
    assert found(some, (), 1000).logits == (0, 701)
    with pytest.raises(SearchError, match=r"it has 'n00000001', and the model's classes are"):
        found((*some, "n00000001"), (), 1000)
    with pytest.raises(SearchError, match="it has 2 classes, and the model 999 without names"):
        found(some, (), 999)
