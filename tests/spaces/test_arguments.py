"""What is asked of random members: taken as it is meant, or refused in words."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest

import archdsl
from archdsl.errors import ArchError, SearchError


@pytest.fixture(scope="module")
def space() -> archdsl.Space:
    return archdsl.space("poolformer_search")


def decision(space: archdsl.Space) -> tuple[str, list[Any]]:
    address, hole = next(iter(space.decisions.items()))
    return address, list(hole.answers)


@pytest.mark.parametrize(
    ("n", "seed", "said"),
    [
        (-1, 0, "n is an integer from 0, not -1"),
        (1.5, 0, "n is an integer from 0, not 1.5"),
        ("3", 0, "n is an integer from 0, not '3'"),
        (True, 0, "n is an integer from 0, not True"),
        (1, -1, "a seed is an integer from 0, not -1"),
        (1, "a", "a seed is an integer from 0, not 'a'"),
    ],
)
def test_numbers_and_seeds_are_integers_from_0(space, n, seed, said) -> None:
    with pytest.raises(SearchError, match=f"^{said}$"):
        space.sample(n, seed=seed)
    assert space.sample(0) == []


def test_no_list_of_members_is_longer_than_memory(space) -> None:
    with pytest.raises(SearchError) as caught:
        space.sample(10**12)
    assert str(caught.value) == (
        "sample gives a list, and 1,000,000,000,000 members are more than 1,000,000.  "
        "take them one after another from  space.draws(n)"
    )
    assert len(list(islice(space.draws(10**6 + 1), 3))) == 3


def test_weights_that_are_none_are_refused(space) -> None:
    address, (one, other, *_) = decision(space)
    for weights, said in [
        (3, "weights are address -> answer -> weight, not 3"),
        ({address: 3}, f"weights of {address} are answer -> weight, not 3"),
        ({address + "x": {one: 1}}, f"no decision {address}x.  did you mean {address}?"),
        ({address: {one: -1}}, f"{one} weighs -1.  write a number from 0"),
        ({address: {one: float("nan")}}, f"{one} weighs nan"),
        ({address: {one: float("inf")}}, f"{one} weighs inf"),
        ({address: {one: "a"}}, f"{one} weighs 'a'"),
        ({address: {one: True}}, f"{one} weighs True"),
        ({address: {one: 0}}, "no answer weighs anything"),
        ({address: {}}, "no answer weighs anything"),
        ({address: {"no such": 1}}, "no such"),
    ]:
        with pytest.raises(ArchError) as caught:
            space.sample(1, weights=weights)
        assert said in str(caught.value)
    assert {m.decisions[address] for m in space.sample(30, weights={address: {other: 1}})} == {
        other
    }


def test_weights_count_by_their_ratios_however_large(space) -> None:
    address, (one, other, *_) = decision(space)
    small = space.sample(20, weights={address: {one: 1, other: 2}})
    large = space.sample(20, weights={address: {one: 5e307, str(other): 1e308}})
    assert [m.decisions for m in small] == [m.decisions for m in large]
    assert len({m.decisions[address] for m in small}) == 2
