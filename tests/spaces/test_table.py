"""The cost table of a space: what it measures, what it says meanwhile, what it refuses."""

from __future__ import annotations

from typing import Any

import archdsl
from archdsl.spaces import Space

SPACE = """\
archdsl: 1
name: mine

params:
  width: {choice: [6, 12, 20]}

input: [1, 8, 8]
classes: 4

stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}

block:
  norm: none
  token_mixer: MIXER
  channel_mixer: mlp

stages:
  - {dim: $width, depth: {range: [1, 3]}}
  - {dim: $width * 2, depth: 1}

head: linear
"""


def mine(mixer: str, **patches: Any) -> Space:
    return archdsl.space(archdsl.loads(SPACE.replace("MIXER", mixer), set=patches))


def costs(space: Space) -> list[dict[str, int]]:
    return [space.cost(member).totals() for member in space.enumerate()]


def test_heads_as_wide_as_the_map_are_measured_on_that_map_alone() -> None:
    # heads of 12 do not divide the map of width 6, and no member has both
    space = mine("{choice: [{type: attention, head_dim: $width}, pooling]}")
    macs = [cost["macs"] for cost in costs(space)]
    assert space.bounds("macs") == (min(macs), max(macs))
    middle = sorted(macs)[len(macs) // 2]
    assert space.count({"macs": middle}) == sum(one <= middle for one in macs)


def test_stages_of_one_width_need_no_downsample_between_them() -> None:
    # a map of 6 with a stage of 12 after it would need one, and no member has both
    space = mine("pooling", **{"stages.1.dim": "$width", "downsample": None})
    params = [cost["params"] for cost in costs(space)]
    assert space.bounds("params") == (min(params), max(params))
    assert len(space.tabulate().entries) == 3


def test_answers_that_only_together_lead_to_a_map_are_told_apart() -> None:
    text = SPACE.replace("{choice: [6, 12, 20]}", "{choice: [6, 12]}\n  more: {choice: [2, 4]}")
    text = text.replace("dim: $width", "dim: $width * more")
    text = text.replace("MIXER", "{type: attention, head_dim: $width * more}")
    space = archdsl.space(archdsl.loads(text))
    macs = [cost["macs"] for cost in costs(space)]
    assert {state.dim for state in space.tabulate().states[0]} == {12, 24, 48}
    assert space.bounds("macs") == (min(macs), max(macs))
    assert space.count({"macs": sorted(macs)[5]}) == sum(one <= sorted(macs)[5] for one in macs)
