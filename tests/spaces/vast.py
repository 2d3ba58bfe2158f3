"""Spaces of so many alike decisions that closed forms say all of them."""

from __future__ import annotations

from math import comb

import archdsl
from archdsl.spaces import Space

MIXERS = ["identity", {"type": "depthwise", "kernel": 3}]


def binary(runs: int, depth: int) -> Space:
    """Each of `runs` times `depth` blocks has a mixer that costs something, or one that is free."""
    stage = {"dim": 4, "runs": [{"depth": depth} for _ in range(runs)]}
    return archdsl.space(
        {
            "archdsl": 1, "name": "vast", "input": [1, 8, 8], "classes": 2,
            "stem": {"type": "conv", "kernel": 3, "stride": 2},
            "block": {
                "norm": None,
                "token_mixer": {"choice": MIXERS, "per": "block"},
                "channel_mixer": None,
            },
            "stages": [stage if runs > 1 else {"dim": 4, "depth": depth}],
            "head": "linear",
        }
    )  # fmt: skip


def chosen(space: Space, blocks: int, name: str = "macs") -> tuple[int, int]:
    """What a member costs at least, and what each block that has the mixer adds."""
    low, high = space.bounds(name)
    return low, (high - low) // blocks


def up_to(blocks: int, most: int) -> int:
    """Members in which no more than so many blocks have the mixer."""
    return sum(comb(blocks, k) for k in range(most + 1))


def mean_up_to(blocks: int, most: int) -> float:
    """How many of their blocks have it, on average."""
    return sum(k * comb(blocks, k) for k in range(most + 1)) / up_to(blocks, most)
