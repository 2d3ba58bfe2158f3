"""Spaces beyond the range of floating point, and deeper than a stack, against closed forms."""

from __future__ import annotations

import math
from statistics import mean

import numpy as np
import pytest

from archdsl.amounts import Budget
from archdsl.spaces.overview import effects
from tests.spaces.vast import binary, chosen, mean_up_to, up_to

SIZES = [(1, 480), (2, 570), (1, 1_000)]
BEYOND = pytest.param(4, 855, marks=pytest.mark.slow)  # 3,420 decisions


@pytest.mark.parametrize(("runs", "depth"), SIZES)
def test_members_are_counted_to_the_last_one_as_binomials_say(runs: int, depth: int) -> None:
    n = runs * depth
    space = binary(runs, depth)
    assert space.size == space.counting.size == 2**n
    least, each = chosen(space, n)
    for most in (0, n // 20, n // 3, n - 1):
        count = space.count({"macs": (0, least + most * each)})
        assert count.exact and count == up_to(n, most)


@pytest.mark.parametrize(("runs", "depth"), [*SIZES, BEYOND])
def test_draws_beyond_floating_point_are_as_many_of_each_answer_as_they_should(
    runs: int, depth: int
) -> None:
    n, draws = runs * depth, 200
    space = binary(runs, depth)
    least, each = chosen(space, n)
    for most in (n // 20, n // 3, 2 * n // 3):
        for budget, turned in (
            ({"macs": (0, least + most * each)}, False),
            ({"macs": (least + (n - most) * each, least + n * each)}, True),
        ):
            found = [(one.costs["macs"] - least) // each for one in space.draws(draws, budget)]
            its = [n - k for k in found] if turned else found
            assert max(its) <= most and len(its) == draws
            # no more than five standard deviations of a mean, of which each is at most sqrt(n) / 2
            assert abs(mean(its) - mean_up_to(n, most)) < 5 * math.sqrt(n / draws) / 2


@pytest.mark.slow
def test_what_is_beyond_integers_is_certified() -> None:
    n = 3_420
    space = binary(4, 855)
    assert space.size == 2**n
    least, each = chosen(space, n)
    for most in (n // 20, n // 3):
        count = space.count({"macs": (0, least + most * each)})
        assert count <= up_to(n, most) <= count.high and count.certified


@pytest.mark.parametrize(
    "part", [20, *(pytest.param(part, marks=pytest.mark.slow) for part in (3, 2))]
)
def test_a_space_of_ten_to_the_six_hundred_members_is_counted_by_floating_point_too(
    part: int,
) -> None:
    n = 2_000
    space = binary(2, 1_000)
    assert 10**600 < space.size < 10**603
    least, each = chosen(space, n)
    true = up_to(n, n // part)
    limits = Budget({"macs": (0, least + n // part * each)})
    assert space.count(limits) == true and space.count(limits).exact
    counting = space.counting
    grid = counting.resolution.exact(limits, ["macs"])
    low, high = counting._by_cells(counting.within(limits), limits, grid, 1 << 40, None)
    assert low <= true <= high
    assert (high - low) * 10**8 < true


@pytest.mark.slow
def test_a_stage_of_ten_runs_of_a_thousand_counts_and_draws() -> None:
    n = 10_000
    space = binary(10, 1_000)
    assert space.size == 2**n
    least, each = chosen(space, n)
    budget = {"macs": (0, least + n // 20 * each)}
    count = space.count(budget)
    assert count <= up_to(n, n // 20) <= count.high and count.certified
    for one in space.draws(4, budget):
        assert n // 20 - 50 < (one.costs["macs"] - least) // each <= n // 20
        assert len(one.decisions) == n


def test_shares_inside_are_those_of_the_closed_form() -> None:
    n = 480
    space = binary(1, n)
    least, each = chosen(space, n)
    budget = Budget({"macs": (0, least + n // 3 * each)})
    for one in effects(space, budget):
        share = mean_up_to(n, n // 3) / n
        due = share if one.answer == "depthwise" else 1 - share
        assert one.exact and one.before == pytest.approx(0.5)
        assert one.after == pytest.approx(due, rel=1e-9)


def test_a_batch_of_draws_is_the_same_whatever_was_drawn_before() -> None:
    space = binary(2, 570)
    least, each = chosen(space, 1_140)
    drawing = space.drawing({"macs": (0, least + 100 * each)})
    first = list(drawing.members(3, np.random.default_rng(4)))
    list(drawing.members(5, np.random.default_rng(5)))
    assert list(drawing.members(3, np.random.default_rng(4))) == first
