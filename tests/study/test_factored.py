"""Counting by parts, against counting one by one."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

import archdsl
from archdsl.spaces import Space
from archdsl.study import factored
from archdsl.study.factored import counted, owner


def quiet(done: int, total: int) -> None:
    pass


def one_by_one(space: Space, *names: str) -> Counter[tuple[int, ...]]:
    costs = map(space.cost, space.enumerate())
    return Counter(tuple(getattr(cost, name) for name in names) for cost in costs)


HEAD = """\
archdsl: 1
name: counted
input: [1, 8, 8]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}
head: linear
"""

SPACES = {
    "a mixer per block": """
block:
  token_mixer: {choice: [identity, {type: sep_conv, kernel: {choice: [3, 5]}}], per: block}
  channel_mixer: {type: mlp, ratio: 2}
stages: [{dim: 8, depth: {range: [1, 3]}}, {dim: 16, depth: 1}]
""",
    "tied answers and a width": """
params: {width: {choice: [8, 12]}, ratio: {choice: [1, 2]}}
block:
  norm: {choice: [layer_norm, none]}
  token_mixer: {choice: [identity, pooling]}
  channel_mixer: {type: mlp, ratio: $ratio}
stages: [{dim: $width, depth: {range: [1, 2]}}, {dim: $width * 2, depth: {range: [1, 2]}}]
""",
    "widths of their own": """
block: {token_mixer: pooling, channel_mixer: {type: mlp, ratio: 2}}
stages:
  - {dim: {choice: [8, 12]}, depth: 1}
  - {dim: {choice: [8, 16, 24]}, depth: {range: [1, 2]}}
""",
    "runs": """
block:
  token_mixer: {choice: [identity, pooling], per: block}
  channel_mixer: {type: mlp, ratio: 2}
stages:
  - dim: 8
    runs:
      - {depth: {range: [1, 2]}, token_mixer: {choice: [identity, {type: sep_conv}], per: block}}
      - {depth: {range: [1, 2]}, channel_mixer: {type: mlp, ratio: {choice: [1, 3]}}}
""",
    "a downsample": """
block: {token_mixer: pooling, channel_mixer: {type: mlp, ratio: 2}}
stages:
  - {dim: 8, depth: {range: [1, 2]}}
  - {dim: 8, depth: {range: [1, 2]}, downsample: {type: conv, kernel: {choice: [3, 5]}, stride: 2}}
""",
    "nothing to decide": """
block: {token_mixer: pooling, channel_mixer: mlp}
stages: [{dim: 8, depth: 1}]
""",
}


@pytest.mark.parametrize("text", SPACES.values(), ids=list(SPACES))
def test_parts_come_out_as_the_whole(text: str) -> None:
    space = archdsl.space(archdsl.loads(HEAD + text))
    assert counted(space, ["macs", "params"], quiet) == one_by_one(space, "macs", "params")
    assert counted(space, ["params"], quiet) == one_by_one(space, "params")


def test_millions_are_counted_by_few() -> None:
    visited: list[int] = []
    space = archdsl.space("hybrid_search")
    found = counted(space, ["macs"], lambda done, total: visited.append(done))
    assert found is not None
    assert found.total() == space.size == 5_225_472
    assert visited[-1] < 2_000


CONDITIONAL = """
params: {kernel: {choice: [3, 5]}}
block:
  token_mixer: {choice: [identity, {type: sep_conv, kernel: $kernel}], per: stage}
  channel_mixer: {type: mlp, ratio: 2}
stages: [{dim: 8, depth: 1}, {dim: 8, depth: 1}]
"""


def test_a_shared_decision_that_only_some_members_take_is_not_counted_by_parts() -> None:
    space = archdsl.space(archdsl.loads(HEAD + CONDITIONAL))
    assert space.size == 1 + 2 + 2 + 2
    assert counted(space, ["macs"], quiet) is None


def test_a_cost_that_is_no_sum_is_not_counted_by_parts(tiny) -> None:
    assert counted(tiny(), ["activations"], quiet) is None
    assert counted(tiny(), ["macs", "activations"], quiet) is None


@pytest.mark.parametrize("limit", ["LIMIT", "MOST_SUMS"])
def test_too_many_parts_are_given_up(tiny, monkeypatch, limit) -> None:
    monkeypatch.setattr(factored, limit, 20)
    assert counted(tiny(), ["macs"], quiet) is None


def test_costs_that_do_not_add_up_are_found_out(tiny, monkeypatch) -> None:
    space = tiny()
    honest = space.cost

    class Biased:
        def __init__(self, cost: Any, extra: int) -> None:
            self.macs = cost.macs + extra
            self.params = self.train_params = self.activations = 1

    def biased(member: Any) -> Biased:
        deep = [member.decisions[f"stages.{stage}.depth"] > 1 for stage in (0, 1)]
        return Biased(honest(member), 1000 if all(deep) else 0)

    monkeypatch.setattr(space, "cost", biased)
    assert counted(space, ["macs"], quiet) is None


@pytest.mark.parametrize(
    ("address", "whose"),
    [
        ("params.width", ("", "")),
        ("block.norm", ("", "")),
        ("stages.1.dim", ("", "")),
        ("stages.1.downsample.kernel", ("", "")),
        ("stages.1.depth", ("1", "")),
        ("stages.10.token_mixer.sep_conv.kernel", ("10", "")),
        ("stages.2.runs.1.token_mixer", ("2", "")),
        ("stages.2.blocks.4.token_mixer", ("2", "blocks.4")),
        ("stages.2.blocks.4.token_mixer.sep_conv.kernel", ("2", "blocks.4")),
        ("stages.2.runs.1.blocks.0.token_mixer", ("2", "runs.1.blocks.0")),
    ],
)
def test_whose_decision_it_is(address: str, whose: tuple[str, str]) -> None:
    assert owner(address) == whose
