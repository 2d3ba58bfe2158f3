"""How much a front dominates: by counting cells, by chance, and by what must not matter."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.language.settings import Objective
from archdsl.study.hypervolume import FIRST, Front, Hypervolume, hypervolume
from archdsl.study.trial import Trial

UP, DOWN = Objective("accuracy", "maximize"), Objective("macs", "minimize")
SIDE = 6

cells = st.tuples(st.integers(-2, SIDE), st.integers(-2, SIDE))
points = st.lists(cells, max_size=12)


def area(found: list[Any], reference: tuple[float, float] = (0, 0)) -> float:
    front = Front(reference)
    for point in found:
        front.add(point)
    return front.area


@given(points)
def test_it_is_the_number_of_cells_that_some_point_dominates(found: list[tuple[int, int]]) -> None:
    dominated = sum(
        any(x > left and y > low for x, y in found) for left, low in product(range(SIDE), repeat=2)
    )
    assert area(found) == dominated


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=8), st.integers(0, 99))
def test_it_is_the_share_of_random_points_that_are_dominated(
    found: list[tuple[float, float]], seed: int
) -> None:
    n = 4_000
    tried = np.random.default_rng(seed).random((n, 2))
    shares = np.zeros(n, bool)
    for point in found:
        shares |= (tried < point).all(axis=1)
    # six standard errors: one in 10^9
    assert area(found) == pytest.approx(shares.mean(), abs=6 * 0.5 / n**0.5)


@given(points, st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(found: list[Any], random: Any) -> None:
    shuffled = random.sample(found, len(found))
    assert area(shuffled) == area(found) == area(found + found)


@given(points, cells)
def test_a_point_takes_nothing_away_and_a_dominated_one_changes_nothing(
    found: list[tuple[int, int]], more: tuple[int, int]
) -> None:
    before, after = area(found), area([*found, more])
    assert after >= before
    new = min(more) > 0 and not any(x >= more[0] and y >= more[1] for x, y in found)
    assert (after > before) == new


@given(points, st.integers(-9, 0), st.integers(-9, SIDE))
def test_what_is_not_above_the_reference_adds_nothing(
    found: list[tuple[int, int]], below: int, other: int
) -> None:
    assert area([*found, (below, other), (other, below)]) == area(found)


def trials(*values: tuple[float, float] | None) -> list[Trial]:
    return [
        Trial(number, "random", {}, "", {}, str(number), "complete" if pair else "failed",
              values=pair)
        for number, pair in enumerate(values)
    ]  # fmt: skip


def measured(*values: tuple[float, float] | None) -> Hypervolume:
    found = hypervolume((UP, DOWN), trials(*values))
    assert found is not None
    return found


START = [(0.2, 600.0), (0.4, 200.0), None, *[(0.3, 400.0)] * (FIRST - 2)]
"""Ten successes between accuracies of 0.2 and 0.4 and 200 to 600 MACs, and a failure."""


def test_reference_and_unit_are_the_worst_and_the_best_of_the_first_successes() -> None:
    # the box is 0.2 by 400; (0.4, 200) dominates all of it
    found = measured(*START)
    assert (found.worst, found.best, found.first) == ((0.2, 600), (0.4, 200), FIRST)
    assert found.value == pytest.approx(1.0)
    # to 0.5 and 100 it is 0.3 by 500
    assert measured(*START, (0.5, 100)).value == pytest.approx(0.3 * 500 / (0.2 * 400))
    # later trials that are worse than the reference do not move it
    later = measured(*START, (0.1, 50), (0.9, 700), (0.0, 9000))
    assert (later.worst, later.best, later.value) == (found.worst, found.best, found.value)


def test_the_curve_never_falls_and_ends_in_the_value() -> None:
    found = measured(*START, (0.5, 700), (0.35, 100), None, (0.6, 300))
    numbers, values = zip(*found.curve, strict=True)
    assert numbers == (0, 1, *range(3, 13), 14)
    assert values[0] == 0 and list(values) == sorted(values) and values[-1] == found.value
    # where it stood after eleven trials is what a search of eleven trials would have said
    assert dict(found.curve)[FIRST] == measured(*START).value


def test_scales_and_directions_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    pairs = [(float(a), float(b)) for a, b in rng.random((30, 2))]
    plain = measured(*pairs).value
    assert plain == pytest.approx(measured(*[(a * 1e-6, b * 1e12 + 7) for a, b in pairs]).value)
    turned = hypervolume((DOWN, UP), trials(*[(b, a) for a, b in pairs]))
    mirrored = hypervolume((UP, Objective("x", "maximize")), trials(*[(a, -b) for a, b in pairs]))
    assert turned is not None and mirrored is not None
    assert plain == pytest.approx(turned.value) == pytest.approx(mirrored.value)


def test_where_there_is_no_box_there_is_no_saying() -> None:
    assert hypervolume((UP,), []) is None
    assert hypervolume((UP, DOWN), trials(None)) is None
    assert hypervolume((UP, DOWN), trials((0.5, 100))) is None
    assert hypervolume((UP, DOWN), trials((0.5, 100), (0.5, 90))) is None


def test_what_it_is_measured_in_is_said_and_recorded() -> None:
    found = measured((0.25, 600_000), (0.5, 200_000))
    assert found.words() == (
        "1 is the box from accuracy 0.25, macs 600k to accuracy 0.5, macs 200k, the worst and the "
        "best of each among the first 2 trials"
    )
    assert found.record() == {
        "value": 1.0,
        "worst": {"accuracy": 0.25, "macs": 600_000},
        "best": {"accuracy": 0.5, "macs": 200_000},
        "first": 2,
    }


@pytest.mark.parametrize(
    "sampler", ["evolution", "tpe", "gp", pytest.param("random", marks=pytest.mark.drawn)]
)
def test_a_search_for_two_objectives_reports_it_and_its_front_is_inside(
    tiny, run, tmp_path, sampler
) -> None:
    given = {"maximize": "accuracy", "minimize": "macs", "sampler": sampler}
    space = tiny(trials=24, budget={"macs": "60k"}, **given)
    result = run(space, tmp_path / "run")
    assert len(result.front) > 1
    assert all(trial.costs["macs"] <= 60_000 for trial in result.front)
    assert result.hypervolume == hypervolume(space.spec.settings().objectives, result.trials)
    said = (tmp_path / "run" / "report.html").read_text()
    assert f"hypervolume is {result.hypervolume.value:.4g}" in said
    assert 'aria-label="hypervolume of the front after each trial"' in said
    # a part of it and then the rest is the same
    run(tiny(trials=13, budget={"macs": "60k"}, **given), tmp_path / "parts")
    resumed = run(space, tmp_path / "parts")
    assert resumed.hypervolume == result.hypervolume


def test_one_objective_has_none(tiny, run) -> None:
    assert run(tiny(trials=3)).hypervolume is None
