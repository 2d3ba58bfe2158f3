"""The kinds of cost: how amounts combine, one by one and in arrays, and what is registered."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl import amounts
from archdsl.amounts import Amounts, Kind, arrays
from archdsl.cost.table import LayerCost
from archdsl.errors import CountError
from tests.further_kinds import TRAFFIC, WIDEST, register_further_kinds

LAYER = LayerCost(100, 7, 9, (3, 4, 4), (6, 2, 2))
ONE = st.integers(0, 2**40)
VECTORS = st.tuples(ONE, ONE, ONE, ONE)


def test_the_kinds_that_are_built_in() -> None:
    assert amounts.names() == ("macs", "params", "train_params", "activations")
    assert amounts.bounded() == ("macs", "params", "activations")
    assert amounts.additive() == ("macs", "params", "train_params")
    assert amounts.maximal() == ("activations",)
    assert [kind.heading for kind in amounts.kinds()] == [
        "MACs", "params", "train_params (params)", "activations",
    ]  # fmt: skip
    assert amounts.of_layer(LAYER, "head") == (100, 7, 9, 72)


def test_a_kind_that_is_registered_stands_last_and_is_one_like_the_others() -> None:
    register_further_kinds()
    assert amounts.names()[-2:] == ("traffic", "widest")
    assert amounts.bounded() == ("macs", "params", "activations", "traffic", "widest")
    assert amounts.additive() == ("macs", "params", "train_params", "traffic")
    assert amounts.maximal() == ("activations", "widest")
    assert amounts.kind("traffic") is TRAFFIC
    assert [TRAFFIC.heading, WIDEST.heading] == ["traffic (bytes)", "widest (elements)"]
    own = amounts.of_layer(LAYER, "head")
    assert amounts.named(own) == {
        "macs": 100, "params": 7, "train_params": 9,
        "activations": 72, "traffic": 344, "widest": 48,
    }  # fmt: skip
    assert amounts.combine(own, own) == (200, 14, 18, 72, 688, 48)
    assert amounts.times(own, 3) == (300, 21, 27, 72, 1032, 48)


def test_the_next_test_has_the_built_in_kinds_alone() -> None:
    assert len(amounts.kinds()) == 4


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("macs", "a cost is called 'macs' already.  choose another name"),
        ("train_params", "a cost is called 'train_params' already.  choose another name"),
        ("memory traffic", "'memory traffic' is no name of a cost.  write a word, as  traffic"),
        ("", "'' is no name of a cost.  write a word, as  traffic"),
    ],
)
def test_a_name_that_is_taken_or_none_is_refused(name: str, words: str) -> None:
    with pytest.raises(CountError) as error:
        amounts.register(replace(TRAFFIC, name=name))
    assert str(error.value) == words
    assert len(amounts.kinds()) == 4


@pytest.mark.parametrize("wrong", [-1, 1.0, True, None])
def test_an_amount_that_is_no_count_is_refused(wrong: object) -> None:
    amounts.register(Kind("odd", "sum", "odds", lambda layer: wrong))  # type: ignore[arg-type, return-value]
    with pytest.raises(CountError) as error:
        amounts.of_layer(LAYER, "head")
    assert str(error.value) == (
        f"head: its odd is {wrong!r}, and a cost is an integer from 0.  mend the kind 'odd'"
    )


@given(VECTORS, VECTORS, VECTORS)
def test_parts_combine_in_any_order(a: Amounts, b: Amounts, c: Amounts) -> None:
    assert amounts.combine(a, b) == amounts.combine(b, a)
    assert amounts.combine(amounts.combine(a, b), c) == amounts.combine(a, amounts.combine(b, c))
    assert amounts.combine(a, amounts.nothing()) == a
    assert amounts.total([a, b, c]) == amounts.combine(amounts.combine(a, b), c)
    assert amounts.total([]) == amounts.nothing()


@given(VECTORS, st.integers(0, 6))
def test_equal_parts_are_so_many_parts(a: Amounts, count: int) -> None:
    assert amounts.times(a, count) == amounts.total([a] * count)


def test_vectors_of_another_table_do_not_combine() -> None:
    before = amounts.nothing()
    register_further_kinds()
    with pytest.raises(ValueError, match="argument 2"):
        amounts.combine(before, amounts.nothing())


@given(st.lists(st.tuples(VECTORS, VECTORS), max_size=5))
def test_arrays_combine_as_tuples_do(pairs: list[tuple[Amounts, Amounts]]) -> None:
    one = arrays.stacked([a for a, _ in pairs])
    other = arrays.stacked([b for _, b in pairs])
    both = [amounts.combine(a, b) for a, b in pairs]
    assert arrays.tuples(arrays.combined(one, other)) == both
    assert tuple(arrays.combined_all(one).tolist()) == amounts.total(a for a, _ in pairs)
    into = arrays.zeros(len(pairs) + 1)
    where = np.arange(len(pairs))[::-1]
    arrays.combine_into(into, where, one[where])
    arrays.combine_into(into, slice(0, len(pairs)), other)
    assert arrays.tuples(into) == [*both, amounts.nothing()]


def test_columns_are_asked_for_by_name() -> None:
    rows = arrays.stacked([(1, 2, 2, 3), (4, 5, 5, 6)])
    assert arrays.column(rows, "params").tolist() == [2, 5]
    assert arrays.columns(rows, ("activations", "macs")).tolist() == [[3, 1], [6, 4]]
    assert {k: v.tolist() for k, v in arrays.by_name(rows).items()} == {
        "macs": [1, 4], "params": [2, 5], "train_params": [2, 5], "activations": [3, 6],
    }  # fmt: skip
