"""How often each member is drawn, against visiting every member of the shipped spaces.

Every small shipped space is found by itself. Seeds are fixed, and all tests of this file
together would fail once in a hundred such files if the draws were right (Bonferroni).
"""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archdsl
from archdsl.spaces import Space
from tests.spaces.visiting import ROOT, Members, inside, likelihood, small, visited, weight

SHIPPED = small()
SPACES: dict[str, tuple[Path, dict[str, Any]]] = {
    name: (path, {}) for name, path in SHIPPED.items()
}
# with questions in every block, and questions in their answers
SPACES["digits_by_block"] = (
    ROOT / "specs" / "spaces" / "digits.yaml",
    {
        "params.width": 8,
        "stages.0.depth": 1,
        "stages.0.token_mixer": {"choice": ["pooling", "identity"]},
        "stages.1.depth": {"range": [1, 2]},
        "stages.2.depth": 1,
    },
)

# with a param that only those ask for who have chosen a convolution somewhere
SPACES["digits_by_param"] = (
    ROOT / "specs" / "spaces" / "digits.yaml",
    {
        "params.width": 8,
        "params.ratio": 1,
        "params.kernel": {"choice": [3, 5]},
        "block.token_mixer": {
            "choice": ["pooling", "identity", {"type": "sep_conv", "kernel": "$kernel"}],
            "per": "block",
        },
        "stages.0.depth": 1,
        "stages.0.token_mixer": {"choice": ["pooling", {"type": "depthwise", "kernel": "$kernel"}]},
        "stages.1.depth": {"range": [1, 2]},
        "stages.2.depth": {"range": [1, 2]},
    },
)

SHARES: dict[str, dict[str, tuple[float, float]]] = {
    "none": {},
    "macs": {"macs": (0, 0.5)},
    "macs_between": {"macs": (0.3, 0.6)},
    "macs_from": {"macs": (0.5, 1)},
    "params": {"params": (0, 0.4)},
    "params_between": {"params": (0.4, 0.8)},
    "both": {"macs": (0, 0.6), "params": (0, 0.6)},
    "both_between": {"macs": (0.2, 0.8), "params": (0.2, 0.8)},
    "all_three": {"macs": (0, 0.7), "params": (0.1, 1), "activations": (0, 0.9)},
}
"""Budgets as shares of a space's members, in the order of each cost."""

MEASURES = ("uniform", "stagewise", "weighted", "weighted stagewise", "rounded")
SOON = ("macs", "both_between")

CASES = list(product(SPACES, SHARES, MEASURES))
LEVEL = 0.01 / len(CASES)


def budget_of(members: Members, shares: dict[str, tuple[float, float]]) -> dict[str, Any]:
    """The budget that leaves these shares of the members, each cost for itself."""
    budget = {}
    for cost, (low, high) in shares.items():
        values = sorted(costs[cost] for costs in members.values())
        last = len(values) - 1
        budget[cost] = (values[round(low * last)] if low else 0, values[round(high * last)])
    return budget


def some_weights(space: Space) -> dict[str, dict[Any, float]]:
    """Weights for most decisions, one answer in eight with none; no default is without."""
    draws = np.random.default_rng(8)
    found = {}
    for address, hole in space.decisions.items():
        if draws.random() < 1 / 4:
            continue
        default = space.default_answer(hole)
        found[address] = {
            answer: float(draws.choice([1, 2, 5]))
            for answer in hole.answers
            if answer == default or draws.random() > 1 / 8
        }
    return found


def marked(space: str, shares: str, measure: str) -> Any:
    slow = space == "poolformer_search" or shares not in SOON
    return pytest.param(space, shares, measure, marks=[pytest.mark.slow] if slow else [])


@cache
def visited_space(name: str) -> tuple[Space, Members]:
    """A space, and every member of it."""
    path, patches = SPACES[name]
    space = archdsl.space(archdsl.load(path, set=patches))
    return space, visited(space)


@pytest.mark.parametrize(("name", "shares", "measure"), [marked(*case) for case in CASES])
def test_members_are_drawn_as_often_as_they_weigh(name: str, shares: str, measure: str) -> None:
    space, members = visited_space(name)
    budget = budget_of(members, SHARES[shares])
    fitting = inside(members, budget)
    assert 0 < len(fitting) == space.count(budget) and space.count(budget).exact
    weights = some_weights(space) if "weighted" in measure else {}
    of = "stagewise" if "stagewise" in measure else "uniform"
    drawing = space.drawing(budget, of, weights or None)
    if measure == "rounded":
        drawing = space.drawing(budget, of, cells=1 << 10)
        drawing._prepare(None)
    # so many that a member is missed by chance once in 50,000 times, where all weigh alike
    n = 20 * len(fitting) if of == "uniform" and not weights else 20_000
    drawn = list(drawing.members(n, np.random.default_rng(CASES.index((name, shares, measure)))))
    assert len(drawn) == n
    expected = {one: weight(space, one, of, weights) for one in fitting}
    assert likelihood(drawn, expected) > LEVEL
    if measure == "uniform":
        assert len({tuple(sorted(one.decisions.items(), key=str)) for one in drawn}) == len(fitting)


def test_the_shipped_spaces_that_can_be_visited_are_found() -> None:
    assert {"poolformer_search", "small_metaformers"} <= set(SHIPPED)


def test_weights_are_given_to_nested_questions_and_to_those_of_single_blocks() -> None:
    weights = some_weights(visited_space("digits_by_block")[0])
    assert any(a.endswith(".kernel") and ".blocks.1." in a for a in weights)
    assert any(a.endswith("blocks.0.token_mixer") for a in weights)
    assert any(len(each) < 5 for a, each in weights.items() if a.endswith(".token_mixer"))
