"""Counts, bounds and draws against visiting every member, on random spaces."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

import archdsl
from archdsl.amounts import Budget
from archdsl.spaces import Space
from tests.language.strategies import spaces
from tests.soon import law
from tests.spaces.visiting import Members, inside, key, likelihood, visited, weight

COSTS = ("macs", "params", "activations")

EXAMPLES = 30
TURNS = ("uniform", "uniform", "stagewise", "stagewise")
laws = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@st.composite
def budgets(draw: st.DrawFn, members: dict[Any, dict[str, int]]) -> Budget:
    """Bounds that members reach, or just miss."""
    names = draw(st.lists(st.sampled_from(COSTS), min_size=1, max_size=2, unique=True))
    found = {}
    for name in names:
        values = sorted({costs[name] for costs in members.values()})
        high = draw(st.sampled_from(values)) + draw(st.sampled_from([0, 0, -1, 3]))
        low = draw(st.sampled_from([0, *values]))
        found[name] = (min(low, high), high)
    return Budget(found)


def some_weights(space: Space, draws: np.random.Generator) -> dict[str, dict[Any, float]]:
    """Weights for half of the decisions; an answer may have none, and so may all."""
    return {
        address: {answer: float(draws.choice([0, 1, 1, 2, 5])) for answer in hole.answers}
        for address, hole in space.decisions.items()
        if draws.random() < 0.5
    }


def some_budget(members: Members, draws: np.random.Generator) -> dict[str, tuple[int, int]]:
    """Bounds around about half of the members."""
    found = {}
    for name in draws.permutation(COSTS)[: draws.integers(0, 3)].tolist():
        values = sorted(costs[name] for costs in members.values())
        low, high = sorted(draws.choice(values, 2).tolist())
        found[name] = (low if draws.random() < 0.5 else 0, high)
    return found


def small(tree: dict[str, Any]) -> tuple[Space, Members]:
    """The space of a tree and its members' costs, where it is soon visited."""
    space = archdsl.space(tree)
    assume(space.size <= 150)
    return space, visited(space)


@law(spaces(), st.data(), few=8, many=EXAMPLES)
def test_a_random_space_is_counted_bounded_and_drawn_as_it_is(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space, members = small(tree)
    assert space.counting.size == space.size == len(members)
    for name in COSTS:
        values = [costs[name] for costs in members.values()]
        assert space.bounds(name) == (min(values), max(values))
    budget = data.draw(budgets(members))
    fitting = set(inside(members, budget))
    count = space.count(budget)
    assert count.exact and count == len(fitting)
    drawn = list(space.draws(50, budget, seed=data.draw(st.integers(0, 99))))
    assert len(drawn) == (50 if fitting else 0)
    for one in drawn:
        assert key(one.decisions) in fitting
        exact = members[key(one.decisions)]
        assert one.costs == {name: exact[name] for name in COSTS}
    measure = data.draw(st.sampled_from(["uniform", "stagewise"]))
    for one in space.draws(5, budget, measure=measure):
        assert key(one.decisions) in fitting


def test_a_part_may_cost_more_than_the_budget_by_itself() -> None:
    space = archdsl.space(
        {
            "archdsl": 1, "name": "tight", "input": [3, 16, 16], "classes": 4,
            "stem": {"type": "conv", "kernel": 3},
            "downsample": {"type": "conv", "kernel": {"choice": [1, 3]}, "stride": 2},
            "block": {
                "token_mixer": {"choice": ["identity", {"type": "sep_conv", "kernel": 3}]},
                "channel_mixer": {"type": "mlp", "ratio": {"range": [1, 3]}},
            },
            "stages": [{"dim": {"choice": [8, 16]}, "depth": {"range": [1, 2]}}],
            "head": "linear",
        }
    )  # fmt: skip
    members = visited(space)
    for params in sorted({costs["params"] for costs in members.values()}):
        for macs in sorted({costs["macs"] for costs in members.values()}):
            budget = {"params": (params, params), "macs": (macs - 100, macs + 100)}
            count = space.count(budget)
            assert count.exact
            assert count == len(inside(members, budget))


def test_two_limits_that_each_some_part_is_over_by_itself_leave_nothing() -> None:
    space = archdsl.space(
        {
            "archdsl": 1, "name": "apart", "input": [3, 32, 32], "classes": 4,
            "stem": {"type": "conv", "kernel": 3},
            "block": {
                # many MACs and few params, or few and many
                "token_mixer": {"choice": [{"type": "attention", "head_dim": 8}, "spatial_mlp"]},
            },
            "stages": [{"dim": 8, "depth": 1}],
            "head": "linear",
        }
    )  # fmt: skip
    budget = Budget(
        {"macs": (0, space.bounds("macs")[0] + 10), "params": (0, space.bounds("params")[0])}
    )
    assert not inside(visited(space), budget)
    count = space.count(budget)
    assert count == 0 and count.exact
    assert space.counting.within(budget).empty
    macs, params = budget["macs"], budget["params"]
    assert (
        space.counting.cost_next_to("macs", macs, budget.without("macs")) == space.bounds("macs")[1]
    )
    assert (
        space.counting.cost_next_to("params", params, budget.without("params"))
        == space.bounds("params")[1]
    )


@law(spaces(), st.data(), few=8, many=EXAMPLES)
def test_a_rounded_grid_bounds_what_an_exact_one_counts(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space, members = small(tree)
    budget = data.draw(budgets(members))
    assume("activations" not in budget)
    from archdsl.spaces.counting import counted
    from archdsl.spaces.histogram.inside import Histograms
    from archdsl.spaces.histogram.narrowing import Narrowing

    counting = space.counting
    names = counting.names(budget)
    assume(names)
    grid = counting.resolution.rounded(budget, names, data.draw(st.sampled_from([4, 16, 200])))
    circuit = counting.within(budget)
    narrowings = [None] if circuit.empty else [None, Narrowing(circuit, names, budget)]
    for narrowing in narrowings:
        count = counted(Histograms(circuit, grid, budget, narrowing=narrowing), budget)
        assert count <= len(inside(members, budget)) <= count.high


@pytest.mark.slow
@laws
@given(spaces(), st.data())
def test_the_characteristic_function_bounds_what_is_counted(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space, members = small(tree)
    budget = data.draw(budgets(members))
    from archdsl.spaces.bounds.windows import _Bounding, _Plan, bounded, window

    counting = space.counting
    names = counting.names(budget)
    windows = [window(n, counting.common(n), budget[n], counting.bounds(n)) for n in names]
    assume(windows and all(one.low <= one.high for one in windows))
    assume("activations" not in budget or budget["activations"][0] == 0)
    assume(counting.reachable(budget))
    circuit = counting.within(budget)
    true = len(inside(members, budget))
    low, high = bounded(circuit, windows, space.size)
    assert low <= true <= high

    # by other degrees, periods and decays than it would choose
    others = [float(space.size)] * len(windows)
    bounding = _Bounding(circuit, windows, space.size, others)
    several = st.tuples(*[st.integers(1, 40)] * len(windows))
    for stretch, decay in ((1.0, 1.0), (1.1, 9.0), (3.0, 30.0)):
        periods = tuple(one.period(stretch) for one in windows)
        plan = _Plan(data.draw(several), periods, (decay,) * len(windows))
        found = bounding.estimate(plan)
        assert found.low <= true <= found.high


@pytest.mark.slow
@laws
@given(spaces(), st.data())
def test_three_windows_are_bounded_by_pairs_of_them(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    from archdsl.spaces.bounds import bounded, window

    space, members = small(tree)
    counting = space.counting
    found = []
    for name in ("macs", "params", data.draw(st.sampled_from(["macs", "params"]))):
        values = sorted(costs[name] for costs in members.values())
        low, high = sorted(data.draw(st.tuples(*[st.sampled_from(values)] * 2)))
        found.append((name, (low, high)))
    windows = [window(n, counting.common(n), its, counting.bounds(n)) for n, its in found]
    true = sum(
        all(low <= costs[name] <= high for name, (low, high) in found) for costs in members.values()
    )
    low, high = bounded(counting.circuit, windows, space.size)
    assert low <= true <= high
    assert high <= min(
        bounded(counting.circuit, [windows[one], windows[other]], space.size)[1]
        for one, other in ((0, 1), (0, 2), (1, 2))
    )


@pytest.mark.slow
@laws
@given(spaces(), st.data())
def test_the_nearest_cost_to_two_windows_is_one_that_a_member_has(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space, members = small(tree)
    budget = data.draw(budgets(members))
    assume(not inside(members, budget))
    counting = space.counting
    for name, (low, high) in budget.items():
        others = {other: its for other, its in budget.items() if other != name}
        within = [members[one][name] for one in inside(members, others)]
        found = counting.cost_next_to(name, (low, high), others)
        unsaid = name == "activations" or others.get("activations", (0, 0))[0] > 0
        if unsaid or not within:
            assert found is None
            continue
        assert found in within
        assert max(found - high, low - found) == min(max(c - high, low - c) for c in within)


@law(spaces(), st.data(), few=8, many=EXAMPLES)
def test_a_hull_is_never_inside_what_members_reach(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space, members = small(tree)
    from archdsl.spaces.bounds import least_within

    own, other = data.draw(st.permutations(["macs", "params"]))
    sign = data.draw(st.sampled_from([1, -1]))
    low, high = data.draw(budgets(members)).get(other, (0, 1 << 40))
    within = [sign * costs[own] for costs in members.values() if low <= costs[other] <= high]
    found = least_within(space.counting.circuit, own, sign, Budget({other: (low, high)}))
    if found is None:
        assert not within
    else:
        assert all(found[0] <= its for its in within)


@pytest.mark.slow
@laws
@given(spaces(), st.integers(0, 1 << 32))
def test_the_members_of_a_random_space_are_drawn_as_often_as_they_weigh(
    tree: dict[str, Any], seed: int
) -> None:
    space = archdsl.space(tree)
    assume(4 <= space.size <= 300)
    members = visited(space)
    for turn, measure in enumerate(TURNS):
        draws = np.random.default_rng((seed, turn))
        budget = some_budget(members, draws)
        weights = some_weights(space, draws) if turn % 2 else {}
        weighed = {one: weight(space, one, measure, weights) for one in inside(members, budget)}
        possible = {one for one, each in weighed.items() if each}
        drawing = space.drawing(budget, measure, weights or None)
        if draws.random() < 0.3:
            drawing._prepare(None)  # by a rounded grid
        drawn = list(drawing.members(30 * len(possible) + 500, draws))
        if not possible:
            assert not drawn
            continue
        # each turn of each example is a test of so many, at a family-wise level of 1 %
        assert likelihood(drawn, weighed) > 0.01 / (EXAMPLES * len(TURNS))
        if not weights and measure == "uniform":
            assert {key(one.decisions) for one in drawn} == possible


@law(spaces(), st.data(), few=8, many=EXAMPLES)
def test_what_is_nearest_to_a_window_is_what_visiting_every_member_finds(
    tree: dict[str, Any], data: st.DataObject
) -> None:
    space = archdsl.space(tree)
    assume(2 <= space.size <= 150)
    members = visited(space)
    name, other = data.draw(st.permutations(["macs", "params"]))
    values = sorted({costs[name] for costs in members.values()})
    low = data.draw(st.sampled_from(values)) + data.draw(st.integers(-9, 9))
    window = max(0, low), max(0, low) + data.draw(st.integers(0, 9))
    bound = data.draw(st.sampled_from([costs[other] for costs in members.values()]))
    others = {other: (0, bound)} if data.draw(st.booleans()) else {}
    distances = [
        max(costs[name] - window[1], window[0] - costs[name], 0)
        for costs in map(members.__getitem__, inside(members, others))
    ]
    assume(distances and min(distances) > 0)  # else there is nothing to tell
    found = space.counting.cost_next_to(name, window, others)
    assert found is not None
    assert max(found - window[1], window[0] - found, 0) == min(distances)


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
