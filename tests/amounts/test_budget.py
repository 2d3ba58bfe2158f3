"""A budget as a value."""

from __future__ import annotations

import pickle
from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.amounts import Budget, names

WINDOWS = st.tuples(st.integers(0, 100), st.integers(0, 100)).map(lambda p: (min(p), max(p)))
BOUNDS = st.dictionaries(st.sampled_from(names()), WINDOWS)
COSTS = st.fixed_dictionaries({name: st.integers(0, 120) for name in names()})


@given(BOUNDS, COSTS)
def test_it_allows_what_it_exceeds_by_nothing(
    bounds: dict[str, tuple[int, int]], costs: dict[str, int]
) -> None:
    budget = Budget(bounds)
    inside = all(low <= costs[name] <= high for name, (low, high) in bounds.items())
    assert budget.allows(costs) == inside == (budget.excess(costs) == 0.0)


def test_the_excess_is_relative_to_the_bound() -> None:
    budget = Budget({"macs": (0, 100), "params": (50, 60)})
    assert budget.excess({"macs": 150, "params": 40}) == 0.5 + 10 / 50
    assert Budget({"macs": (0, 0)}).excess({"macs": 3}) == 3.0
    assert Budget().excess({}) == 0.0


@given(BOUNDS, st.randoms(use_true_random=False))
def test_the_order_of_its_bounds_makes_no_difference(bounds, random) -> None:  # type: ignore[no-untyped-def]
    items = list(bounds.items())
    random.shuffle(items)
    one, other = Budget(bounds), Budget(dict(items))
    assert one == other == bounds
    assert hash(one) == hash(other)
    assert str(one) == str(other)
    assert list(one) == list(bounds)
    assert Budget(one) == pickle.loads(pickle.dumps(one)) == deepcopy(one) == one


def test_another_bound_is_another_budget() -> None:
    assert Budget({"macs": (0, 5)}) != Budget({"macs": (0, 6)})
    assert Budget({"macs": (0, 5)}) != Budget({"params": (0, 5)})
    assert not Budget()


def test_it_is_written_as_in_a_spec() -> None:
    budget = Budget({"params": (7, 900), "macs": (0, 2_000_000_000)})
    assert str(budget) == "{macs: 2000000000, params: [7, 900]}"
    assert repr(budget) == "Budget({macs: 2000000000, params: [7, 900]})"


def test_one_made_from_another_leaves_it_as_it_is() -> None:
    given_bounds = {"macs": (0, 5), "params": (1, 2)}
    budget = Budget(given_bounds)
    given_bounds["macs"] = (0, 6)
    assert budget.without("macs") == {"params": (1, 2)}
    assert budget.replaced("params", 3, 4) == {"macs": (0, 5), "params": (3, 4)}
    assert budget == {"macs": (0, 5), "params": (1, 2)}
    with pytest.raises(TypeError):
        budget["macs"] = (0, 7)  # type: ignore[index]
