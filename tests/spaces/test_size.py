"""The size of a space, where a decision is asked before anything else is."""

from __future__ import annotations

from typing import Any

import pytest

import archdsl

SPEC: dict[str, Any] = {
    "archdsl": 1,
    "name": "tokens",
    "input": [3, 8, 8],
    "classes": 10,
    "stem": {"type": "conv", "kernel": 3},
    "class_token": {"choice": [False, True]},
    "block": {"token_mixer": {"type": "attention", "head_dim": 4}},
    "stages": [{"dim": 8, "depth": {"range": [1, 2]}}],
}


@pytest.mark.parametrize("depth", [{"range": [1, 2]}, "$depth", 2])
def test_a_class_token_to_choose_counts_once(depth: object) -> None:
    stages = [{"dim": 8, "depth": depth}]
    params = {"params": {"depth": {"choice": [1, 2, 3]}}} if depth == "$depth" else {}
    space = archdsl.space({**SPEC, **params, "stages": stages})
    assert space.size == len(list(space.enumerate())) == space.count()
