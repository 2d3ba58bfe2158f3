"""In any order of rounds each subject is treated as each other."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archdsl.benchmarking.turns import order


@given(number=st.integers(0, 10_000), many=st.integers(1, 12))
def test_each_has_a_turn_in_every_round(number, many):
    assert sorted(order(number, many)) == list(range(many))


@given(many=st.integers(1, 12), pair=st.integers(0, 100))
def test_the_second_round_of_a_pair_is_the_first_one_backwards(many, pair):
    assert order(2 * pair + 1, many) == order(2 * pair, many)[::-1]


@given(many=st.integers(2, 12))
def test_each_is_twice_at_each_place_and_as_often_before_a_neighbour_as_behind_it(many):
    rounds = [order(number, many) for number in range(2 * many)]
    places = Counter((at, who) for one in rounds for at, who in enumerate(one))
    assert set(places.values()) == {2} and len(places) == many * many
    neighbours = Counter(two for one in rounds for two in pairwise(one))
    assert all(neighbours[a, b] == neighbours[b, a] for a, b in neighbours)
