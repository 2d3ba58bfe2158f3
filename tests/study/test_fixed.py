"""Draws among the members that have certain answers, against visiting every member."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.spaces import Space
from archdsl.spaces.circuit import TooManyCases
from archdsl.study.propose.fixed import Fixed
from tests.spaces.visiting import Members, inside, likelihood, visited, weight
from tests.study.conftest import TINY, tiny_space

BUDGET = {"macs": (0, 60_000)}
PER_BLOCK = TINY.replace("per: stage", "per: block").replace(
    "choice: [8, 16]", "choice: [8, 16]}\n  kernel: {choice: [3, 5]"
).replace("kernel: {choice: [3, 5]}}\n    per", "kernel: $kernel}\n    per")  # fmt: skip

CASES: dict[str, Mapping[str, Any]] = {
    "a param": {"params.width": 16},
    "two": {"params.width": 8, "stages.1.depth": 2},
    "asked only in an option": {"stages.1.token_mixer.sep_conv.kernel": 5},
    "an option and what it asks": {
        "stages.0.token_mixer": "sep_conv", "stages.0.token_mixer.sep_conv.kernel": 3,
    },
}  # fmt: skip
BY_BLOCK: dict[str, Mapping[str, Any]] = {
    "a block that may be missing": {"stages.1.blocks.1.token_mixer": "pooling"},
    "a param that may not be used": {"params.kernel": 5},
}
MEASURES = ("uniform", "stagewise", "weighted")
LEVEL = 0.01 / (len(MEASURES) * (len(CASES) + len(BY_BLOCK)))


@cache
def visited_space(case: str) -> tuple[Space, Members]:
    """A space for a case, and every member of it."""
    if case in CASES:
        space = tiny_space()
    else:
        narrow = {"stages.0.depth": 1, "stages.1.depth": {"range": [1, 2]}}
        space = archdsl.space(archdsl.loads(PER_BLOCK, set=narrow))
    return space, visited(space)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("case", [*CASES, *BY_BLOCK])
def test_members_with_the_answers_are_drawn_as_often_as_they_weigh(case: str, measure: str) -> None:
    space, members = visited_space(case)
    answers = {**CASES, **BY_BLOCK}[case]
    weights: dict[str, dict[Any, float]] = {}
    if measure == "weighted":
        weights["params.width"] = {8: 1.0, 16: 0.25}
    if measure == "weighted" and case in CASES:
        weights |= {
            "stages.1.token_mixer": {"identity": 1.0, "pooling": 0.3, "sep_conv": 0.5},
            "stages.1.depth": {1: 0.2, 2: 0.7, 3: 1.0},
        }
    of: Any = "stagewise" if measure == "stagewise" else "uniform"
    having = [
        one for one in inside(members, BUDGET)
        if answers.items() <= {(address, answer) for address, _, answer in one}
    ]  # fmt: skip
    assert 0 < len(having) < len(inside(members, BUDGET))
    drawing = Fixed(space, answers).drawing(BUDGET, of, weights or None)
    drawn = list(drawing.members(4_000, np.random.default_rng(1)))
    assert len(drawn) == 4_000
    assert likelihood(drawn, {one: weight(space, one, of, weights) for one in having}) > LEVEL


@pytest.mark.parametrize("case", [*CASES, *BY_BLOCK])
def test_they_are_enumerated_in_the_order_of_the_space(case: str) -> None:
    space, _ = visited_space(case)
    fixed = Fixed(space, {**CASES, **BY_BLOCK}[case])
    everyone = [member.decisions for member in space.enumerate()]
    having = [one for one in everyone if fixed.has(one)]
    assert [member.decisions for member in fixed.enumerate()] == having


@pytest.mark.parametrize("case", CASES)
def test_the_nearest_to_the_default_changes_what_leads_to_the_answers(case: str) -> None:
    space = tiny_space()
    nearest = Fixed(space, CASES[case]).nearest_to_default().decisions
    assert CASES[case].items() <= nearest.items()
    default = space.default().decisions
    changed = {address for address, answer in nearest.items() if default.get(address) != answer}
    assert all(any(own.startswith(address) for own in CASES[case]) for address in changed)


def test_without_answers_it_is_the_space() -> None:
    space = tiny_space()
    fixed = Fixed(space)
    assert fixed.drawing(BUDGET, "stagewise") is space.drawing(BUDGET, "stagewise")
    assert fixed.has({}) and fixed.possible and fixed.whole() is None
    assert fixed.nearest_to_default() == space.default()


def test_all_answers_are_one_member_and_too_many_are_none() -> None:
    space = tiny_space()
    answers = space.default().decisions
    assert Fixed(space, answers).whole() == space.default()
    more = {**answers, "stages.0.token_mixer.sep_conv.kernel": 3}
    fixed = Fixed(space, more)
    assert fixed.whole() is None and not fixed.possible
    assert list(fixed.enumerate()) == []
    assert list(fixed.drawing(None).members(3, np.random.default_rng(0))) == []


def test_true_is_not_one() -> None:
    assert not Fixed(tiny_space(), {"stages.0.depth": 1}).has({"stages.0.depth": True})


def test_where_a_space_cannot_be_counted_members_are_kept_that_have_the_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = tiny_space()
    monkeypatch.setattr(space, "_counting", TooManyCases(5_000))
    answers = {"stages.1.token_mixer.sep_conv.kernel": 5}
    drawing = Fixed(space, answers).drawing(BUDGET, "stagewise")
    drawn = list(drawing.members(50, np.random.default_rng(0)))
    assert len(drawn) == 50
    assert all(one.costs["macs"] <= 60_000 for one in drawn)
    assert {one.decisions["stages.1.token_mixer.sep_conv.kernel"] for one in drawn} == {5}
    with pytest.raises(SearchError, match="have 5,000 combinations"):
        Fixed(space, answers).drawing(BUDGET, "uniform")
