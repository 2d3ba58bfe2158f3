"""Counts, bounds and draws against visiting every member, on shipped and on random spaces."""

from __future__ import annotations

import sys
from collections import Counter
from functools import cache
from math import prod
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

import archdsl
from archdsl.spaces import Space

sys.path.insert(0, str(Path(__file__).parents[1] / "spec"))
from strategies import spaces

COSTS = ("macs", "params", "activations")

laws = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


def key(decisions: Any) -> tuple[Any, ...]:
    return tuple(sorted((a, str(type(v)), v) for a, v in decisions.items()))


def visited(space: Space) -> dict[tuple[Any, ...], dict[str, int]]:
    """Every member's costs by its answers, measured layer by layer on its network."""
    return {key(member.decisions): space.cost(member).totals() for member in space.enumerate()}


@cache
def poolformers() -> tuple[Space, dict[tuple[Any, ...], dict[str, int]]]:
    space = archdsl.space("poolformer_search")
    return space, visited(space)


def holds(costs: dict[str, int], budget: dict[str, tuple[int, int]]) -> bool:
    return all(low <= costs[name] <= high for name, (low, high) in budget.items())


@st.composite
def budgets(draw: st.DrawFn, members: dict[Any, dict[str, int]]) -> dict[str, tuple[int, int]]:
    """Bounds that members reach, or just miss."""
    names = draw(st.lists(st.sampled_from(COSTS), min_size=1, max_size=2, unique=True))
    found = {}
    for name in names:
        values = sorted({costs[name] for costs in members.values()})
        high = draw(st.sampled_from(values)) + draw(st.sampled_from([0, 0, -1, 3]))
        low = draw(st.sampled_from([0, *values]))
        found[name] = (min(low, high), high)
    return found


@laws
@given(spaces(), st.data())
def test_a_random_space_is_counted_bounded_and_drawn_as_it_is(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space = archdsl.space(tree)
    assume(space.size <= 150)
    members = visited(space)
    assert space.counting.size == space.size == len(members)
    for name in COSTS:
        values = [costs[name] for costs in members.values()]
        assert space.bounds(name) == (min(values), max(values))
    budget = data.draw(budgets(members))
    inside = {one for one, costs in members.items() if holds(costs, budget)}
    count = space.count(budget)
    assert count.exact and count == len(inside)
    drawn = list(space.draws(50, budget, seed=data.draw(st.integers(0, 99))))
    assert len(drawn) == (50 if inside else 0)
    for one in drawn:
        assert key(one.decisions) in inside
        exact = members[key(one.decisions)]
        assert one.costs == {name: exact[name] for name in COSTS}
    measure = data.draw(st.sampled_from(["uniform", "stagewise"]))
    for one in space.draws(5, budget, measure=measure):
        assert key(one.decisions) in inside


@laws
@given(spaces(), st.data())
def test_a_rounded_grid_bounds_what_an_exact_one_counts(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space = archdsl.space(tree)
    assume(space.size <= 150)
    members = visited(space)
    budget = data.draw(budgets(members))
    assume("activations" not in budget)
    from archdsl.spaces.counting import _bounds
    from archdsl.spaces.programme import Programme

    counting = space.counting
    names = counting.names(budget)
    assume(names)
    grid = counting.rounded(budget, names, data.draw(st.sampled_from([4, 16, 200])))
    found = counting.spread(Programme(counting.cases, grid, limits=budget))
    count = _bounds(found, names, budget)
    assert count <= sum(holds(costs, budget) for costs in members.values()) <= count.high


@pytest.mark.parametrize("budget", [{}, {"macs": "2G"}, {"macs": "2.4G", "params": "12M"}])
@pytest.mark.parametrize("exact", [True, False])
def test_members_are_drawn_uniformly(budget: dict[str, Any], exact: bool) -> None:
    space, members = poolformers()
    limits = archdsl.spaces.budget.limits_of(budget)
    inside = {one for one, costs in members.items() if holds(costs, limits)}
    drawing = space.drawing(budget)
    if not exact:
        drawing._prepare(None)
    import numpy as np

    times = 30
    drawn = Counter(
        key(one.decisions) for one in drawing.members(times * len(inside), np.random.default_rng(5))
    )
    assert set(drawn) <= inside
    # one test of six, at a family-wise level of 1 %
    assert chisquare([drawn[one] for one in inside]).pvalue > 0.01 / 6


def test_every_decision_is_uniform_in_its_turn_where_that_is_asked() -> None:
    space, members = poolformers()
    inside = {
        one: prod(1 / len(space.decisions[address].answers) for address, _, _ in one)
        for one, costs in members.items()
        if costs["macs"] <= 2_000_000_000
    }
    total, n = sum(inside.values()), 20_000
    drawn = Counter(
        key(one.decisions) for one in space.draws(n, {"macs": "2G"}, measure="stagewise")
    )
    expected = [n * weight / total for weight in inside.values()]
    assert chisquare([drawn[one] for one in inside], expected).pvalue > 0.01


def test_weights_are_respected_block_by_block() -> None:
    space = archdsl.space("digits")
    weights = {
        "stages.1.blocks.0.token_mixer": {"pooling": 3, "identity": 1},
        "params.width": {8: 1, 12: 1},
    }
    n = 4_000
    drawn = list(space.draws(n, weights=weights, seed=1))
    first = Counter(one.decisions["stages.1.blocks.0.token_mixer"] for one in drawn)
    assert set(first) == {"pooling", "identity"}
    assert chisquare([first["pooling"], first["identity"]], [0.75 * n, 0.25 * n]).pvalue > 0.01
    assert {one.decisions["params.width"] for one in drawn} == {8, 12}
    others = {one.decisions.get("stages.1.blocks.1.token_mixer") for one in drawn}
    assert {"attention", "sep_conv", "depthwise", "pooling", "identity", None} == others
