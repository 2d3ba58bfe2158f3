"""Every algebra of the passes over a circuit against visiting every member, on random spaces."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import assume
from hypothesis import strategies as st

import archdsl
from archdsl.amounts import Budget, additive, names
from archdsl.spaces import Space
from archdsl.spaces.bounds import least_within
from archdsl.spaces.bounds.characteristic import Axis, CharacteristicFunction
from archdsl.spaces.circuit.algebras import LogPartition, cheapest, interval, size
from archdsl.spaces.circuit.circuit import Weights, unshared, weighted
from archdsl.spaces.circuit.fold import fold
from archdsl.spaces.histogram.inside import Histograms
from archdsl.spaces.histogram.narrowing import Narrowing
from archdsl.spaces.histogram.shares import AnswerWeights
from tests.language.strategies import spaces
from tests.soon import law
from tests.spaces.visiting import Members, inside, visited, weight


def small(tree: dict[str, Any]) -> tuple[Space, Members]:
    space = archdsl.space(tree)
    assume(2 <= space.size <= 150)
    return space, visited(space)


def some_limits(data: st.DataObject, members: Members, most: int, least: int = 0) -> Budget:
    """Bounds of some additive costs, around some of the members."""
    chosen = data.draw(
        st.lists(st.sampled_from(additive()), min_size=least, max_size=most, unique=True)
    )
    found = {}
    for name in sorted(chosen, key=additive().index):
        values = sorted(costs[name] for costs in members.values())
        low, high = sorted(data.draw(st.tuples(*[st.sampled_from(values)] * 2)))
        found[name] = (low, high)
    return Budget(found)


@law(spaces(), st.data(), few=5, many=25)
def test_counts_ends_and_cheapest_members(tree: dict[str, Any], data: st.DataObject) -> None:
    space, members = small(tree)
    circuit = space.counting.circuit
    assert size(circuit) == len(members)
    found = interval(circuit)
    assert found is not None
    for index, name in enumerate(names()):
        values = [costs[name] for costs in members.values()]
        assert (found[0][index], found[1][index]) == (min(values), max(values))
    prices = [data.draw(st.integers(-(10**9), 10**9)) for _ in additive()]
    best = cheapest(circuit, additive(), prices)
    assert best is not None
    paid = [
        sum(price * costs[name] for price, name in zip(prices, additive(), strict=True))
        for costs in members.values()
    ]
    assert sum(p * c for p, c in zip(prices, best, strict=True)) == min(paid)


@law(spaces(), st.data(), few=5, many=25)
def test_histograms_of_any_additive_costs(tree: dict[str, Any], data: st.DataObject) -> None:
    space, members = small(tree)
    limits = some_limits(data, members, 3, 1)
    chosen = tuple(name for name in additive() if name in limits)
    counting = space.counting
    grid = counting.resolution.exact(limits, chosen)
    assume(grid is not None and not counting.within(limits).empty)
    assert grid is not None
    rates = np.array([data.draw(st.floats(-3, 3)) / max(1, high) for _, high in limits.values()])
    circuit = counting.within(limits)
    due = Counter(
        tuple(members[one][name] for name in chosen) for one in inside(members, limits)
    )  # fmt: skip
    for exact, narrowing, by in (
        (True, None, None),
        (False, Narrowing(circuit, chosen, limits), None),
        (False, None, rates),
    ):
        made = Histograms(circuit, grid, limits, exact, narrowing=narrowing, rates=by)
        cells = made.spread()
        where = np.flatnonzero(cells.possible(chosen, limits))
        weights, exponent = cells.weights(where)
        found: Counter[Any] = Counter()
        for costs, its in zip(cells.low[where].tolist(), weights.tolist(), strict=True):
            found[tuple(costs)] += its * 2**exponent if exponent else its
        assert found.keys() == due.keys()
        for costs, its in found.items():
            assert its == pytest.approx(due[costs], rel=1e-9)


@law(spaces(), st.data(), few=5, many=25)
def test_weights_of_all_members_and_means(tree: dict[str, Any], data: st.DataObject) -> None:
    space, members = small(tree)
    weights = {
        address: {answer: data.draw(st.sampled_from([0.0, 1.0, 3.0])) for answer in hole.answers}
        for address, hole in space.decisions.items()
        if data.draw(st.booleans())
    }
    circuit = weighted(space.counting.circuit, Weights(by_address=weights))
    due = {one: weight(space, one, "uniform", weights) for one in members}
    if circuit.empty:
        assert not any(due.values())
        return
    rates = np.array([1e-6, -1e-5])
    chosen = additive()[:2]
    tilted = {
        one: its * np.exp(-sum(r * members[one][n] for r, n in zip(rates, chosen, strict=True)))
        for one, its in due.items()
    }
    found = fold(circuit.nodes, LogPartition(chosen, rates))[-1]
    assert found is not None
    total = sum(tilted.values())
    assert found[0] == pytest.approx(np.log(total))
    for index, name in enumerate(chosen):
        mean = sum(its * members[one][name] for one, its in tilted.items()) / total
        assert found[1][index] == pytest.approx(mean)


@law(spaces(), st.data(), few=5, many=25)
def test_the_characteristic_function(tree: dict[str, Any], data: st.DataObject) -> None:
    space, members = small(tree)
    name = data.draw(st.sampled_from(additive()))
    function = CharacteristicFunction(space.counting.circuit, [Axis(name, 1)])
    period = max(costs[name] for costs in members.values()) + 1
    frequencies = np.array([0, 1, 7], np.int64)
    columns = function.turns(0, frequencies, period)
    found = function.values(function.turns(0, np.zeros(1, np.int64), period), columns)[0]
    costs = np.array([its[name] for its in members.values()])
    due = np.exp(2j * np.pi * frequencies[:, None] * costs / period).mean(axis=1)
    assert np.abs(found - due).max() < 1e-9


@law(spaces(), st.data(), few=5, many=25)
def test_a_hull_bounds_a_cost_while_any_number_of_others_is_inside(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space, members = small(tree)
    name = data.draw(st.sampled_from(additive()))
    limits = some_limits(data, members, 3).without(name)
    sign = data.draw(st.sampled_from([1, -1]))
    within = [sign * members[one][name] for one in inside(members, limits)]
    found = least_within(space.counting.circuit, name, sign, limits)
    if found is None:
        assert not within
    elif within:
        assert found[0] <= min(within)
    if found is not None and not limits:
        assert found[0] == min(within)


@law(spaces(), st.data(), few=5, many=25)
def test_the_weight_of_each_answer_inside(tree: dict[str, Any], data: st.DataObject) -> None:
    space, members = small(tree)
    limits = some_limits(data, members, 2)
    chosen = tuple(name for name in additive() if name in limits)
    grid = space.counting.resolution.exact(limits, chosen)
    assume(grid is not None)
    assert grid is not None
    circuit = unshared(space.counting.within(limits))
    assume(not circuit.empty)
    found = AnswerWeights(Histograms(circuit, grid, limits), limits)
    due: Counter[Any] = Counter()
    for one in inside(members, limits):
        for address, _, answer in one:
            due[address, type(answer), answer] += 1
    scale = 2.0**found.exponent
    its = {key: its * scale for key, its in found.by_answer.items()}
    assert {key for key, each in its.items() if each > 1e-6} == set(due)
    for key, each in due.items():
        assert its[key] == pytest.approx(each)
    assert found.total * scale == pytest.approx(len(inside(members, limits)))
