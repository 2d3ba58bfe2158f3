"""The cost table of a space: what it measures, what it says meanwhile, what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.components import registry
from archdsl.errors import CountError
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


def test_a_table_says_how_far_it_is() -> None:
    space, heard = mine("{choice: [pooling, identity]}"), list[tuple[int, int]]()
    table = space.tabulate(lambda done, total: heard.append((done, total)))
    assert heard == [(n, table.layers) for n in range(1, table.layers + 1)]
    assert space.tabulate(lambda done, total: heard.append((done, total))) is table
    assert len(heard) == table.layers


class Growing(nn.Module):
    def __init__(self, dim: int, depth_index: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1 + 2 * depth_index, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Numbered(nn.Module):
    built = 0

    def __init__(self, dim: int) -> None:
        super().__init__()
        Numbered.built += 1
        self.conv = nn.Conv2d(dim, dim, 1 + 2 * Numbered.built, padding="same")

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x)


class Tiring(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv, self.calls = nn.Conv2d(dim, dim, 1), 0

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.conv(x) if self.calls < 4 else x


class Common(nn.Module):
    one = nn.Parameter(torch.ones(1))

    def __init__(self) -> None:
        super().__init__()
        self.scale = Common.one

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale


class Reading(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) if x.abs().sum() > 0 else x


ALONE = "and a cost depends on options and shapes alone.  make what changes an option"


@pytest.mark.parametrize(
    ("mixer", "said"),
    [
        (Growing, f"strange does not cost the same in every block, {ALONE}"),
        (Numbered, r"strange costs [\d,]+ MACs with [\d,]+ parameters the first time and "
                   rf"[\d,]+ MACs with [\d,]+ parameters the second, {ALONE}"),
        (Tiring, "strange costs 576 MACs with 42 parameters the first time and 0 MACs with 42 "
                 f"parameters the second, {ALONE}"),
        (Common, "strange shares parameters with others of its kind, so that their costs do not "
                 r"add up.  make them in its constructor"),
        (Reading, r"its forward reads the value of a tensor \(.*\n  in strange$"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["count", "bounds", "sample"])
def test_costs_that_do_not_add_up_are_refused_with_the_components_name(
    mixer: type[nn.Module], said: str, verb: str
) -> None:
    registry.token_mixer("strange")(mixer)
    space = mine("{choice: [pooling, strange], per: block}")
    ask = {
        "count": lambda: space.count({"macs": "1M"}),
        "bounds": lambda: space.bounds("params"),
        "sample": lambda: space.sample(1, {"params": "1M"}),
    }
    with pytest.raises(CountError, match=rf"^stages\.0\.blocks\.0\.token_mixer: {said}"):
        ask[verb]()
