"""Holes: addresses, ties, defaults, labels; a record of answers fixes a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.errors import SpecError

HEAD = """
archdsl: 1
name: space
input: [3, 32, 32]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}
"""


def space(text: str, **patches: Any) -> Any:
    named = {key.replace("__", "."): value for key, value in patches.items()}
    return archdsl.space(archdsl.loads(HEAD + text, set=named))


def asked(text: str, **patches: Any) -> list[str]:
    return sorted(space(text, **patches).default().decisions)


PER_STAGE = """
block:
  token_mixer: {choice: [{type: sep_conv, kernel: {choice: [3, 5]}}, pooling], per: stage}
stages:
  - {dim: 8, depth: 2}
  - {dim: 8, depth: 2, token_mixer: pooling}
  - {dim: 8, depth: 1}
"""


def test_a_hole_is_one_decision_however_many_blocks_inherit_it() -> None:
    text = "block: {norm: {choice: [layer_norm, none]}}\nstages:\n  - {dim: 8, depth: 3}\n"
    assert asked(text) == ["block.norm"]


def test_per_stage_asks_in_the_stages_that_inherit() -> None:
    assert asked(PER_STAGE) == [
        "stages.0.token_mixer",
        "stages.0.token_mixer.sep_conv.kernel",
        "stages.2.token_mixer",
        "stages.2.token_mixer.sep_conv.kernel",
    ]


def test_per_block_asks_once_a_block_up_to_the_chosen_depth() -> None:
    text = """
stages:
  - {dim: 8, depth: 1, token_mixer: pooling}
  - dim: 8
    depth: {range: [2, 4]}
    token_mixer: {choice: [pooling, identity], per: block}
"""
    s = space(text)
    assert sorted(s.default().decisions) == [
        "stages.1.blocks.0.token_mixer",
        "stages.1.blocks.1.token_mixer",
        "stages.1.depth",
    ]
    assert s.size == 4 + 8 + 16


def test_runs_have_addresses_of_their_own() -> None:
    text = """
stages:
  - dim: 8
    runs:
      - {depth: 1, token_mixer: pooling}
      - {depth: 2, token_mixer: {choice: [pooling, identity]}}
      - {depth: 2, token_mixer: {choice: [pooling, identity], per: block}}
"""
    assert asked(text) == [
        "stages.0.runs.1.token_mixer",
        "stages.0.runs.2.blocks.0.token_mixer",
        "stages.0.runs.2.blocks.1.token_mixer",
    ]


def test_a_hole_keeps_its_identity_when_the_value_around_it_is_patched() -> None:
    text = """
block:
  token_mixer: {type: sep_conv, kernel: 3, act: {choice: [gelu, star_relu]}}
stages:
  - {dim: 8, depth: 1}
  - {dim: 8, depth: 1, token_mixer.kernel: 5}
"""
    s = space(text)
    assert list(s.decisions) == ["block.token_mixer.act"]
    for member in s.enumerate():
        acts = {
            branch.mixers[0].component["act"].type
            for block in member.network().blocks()
            for branch in block.branches
        }
        assert len(acts) == 1


def test_a_param_is_asked_once_on_first_use_and_not_where_nothing_chosen_uses_it() -> None:
    text = """
params: {ratio: {choice: [2, 3]}, width: {choice: [8, 16]}}
block:
  token_mixer: {choice: [pooling, {type: sep_conv, ratio: $ratio}], per: stage}
stages:
  - {dim: $width, depth: 1}
  - {dim: $width * 2, depth: 1}
"""
    s = space(text)
    assert sorted(s.default().decisions) == [
        "params.width",
        "stages.0.token_mixer",
        "stages.1.token_mixer",
    ]
    assert s.size == 2 * (1 + 3 * 2)
    for member in s.enumerate():
        chosen = [v for k, v in member.decisions.items() if k.endswith("token_mixer")]
        assert ("params.ratio" in member.decisions) == ("sep_conv" in chosen)


def test_an_expression_gives_the_dim() -> None:
    text = """
params: {width: {choice: [8, 16]}}
stages:
  - {dim: $width, depth: 1, token_mixer: pooling}
  - {dim: $(width + 8) // 2, depth: 1, token_mixer: pooling}
"""
    dims = {tuple(x.dim for x in m.network().stages) for m in space(text).enumerate()}
    assert dims == {(8, 8), (16, 12)}


@pytest.mark.parametrize(
    ("hole", "default"),
    [
        ("{choice: [pooling, {type: sep_conv, kernel: 5}]}", "sep_conv"),
        ("{choice: [pooling, {type: sep_conv, kernel: 5, ratio: 2}]}", "sep_conv"),
        ("{choice: [pooling, {type: sep_conv, kernel: 3}]}", "pooling"),
        ("{choice: [identity, pooling]}", "identity"),
        ("{choice: [pooling, {type: sep_conv, kernel: 5}], default: pooling}", "pooling"),
        ("{choice: [identity, pooling], default: pooling}", "pooling"),
    ],
)
def test_a_hole_defaults_to_what_the_parent_had_if_that_is_a_member(
    tmp_path: Path, hole: str, default: str
) -> None:
    (tmp_path / "parent.yaml").write_text(
        HEAD
        + "block: {token_mixer: {type: sep_conv, kernel: 5}}\nstages:\n  - {dim: 8, depth: 1}\n"
    )
    (tmp_path / "child.yaml").write_text(
        f"archdsl: 1\nextends: ./parent.yaml\nblock.token_mixer: {hole}\n"
    )
    child = archdsl.space(tmp_path / "child.yaml")
    assert child.default().decisions["block.token_mixer"] == default
    again = archdsl.space(archdsl.loads(child.spec.dump()))
    assert again.default().decisions == child.default().decisions


def test_a_nested_hole_takes_its_part_of_the_parents_value(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(
        HEAD
        + "block: {token_mixer: {type: sep_conv, kernel: 5}}\nstages:\n  - {dim: 8, depth: 4}\n"
    )
    (tmp_path / "child.yaml").write_text(
        "archdsl: 1\nextends: ./parent.yaml\n"
        "block.token_mixer: {choice: [pooling, {type: sep_conv, kernel: {choice: [3, 5, 7]}}]}\n"
        "stages.0.depth: {range: [2, 6]}\n"
    )
    child = archdsl.space(tmp_path / "child.yaml")
    expected = {
        "stages.0.depth": 4,
        "block.token_mixer": "sep_conv",
        "block.token_mixer.sep_conv.kernel": 5,
    }
    assert child.default().decisions == expected
    again = archdsl.space(archdsl.loads(child.spec.dump()))
    assert again.default().decisions == expected


def test_a_stages_hole_defaults_to_what_the_block_has() -> None:
    text = """
block: {token_mixer: {type: sep_conv, kernel: 5}}
stages:
  - {dim: 8, depth: 1, token_mixer: {choice: [pooling, {type: sep_conv, kernel: 5}]}}
"""
    assert space(text).default().decisions == {"stages.0.token_mixer": "sep_conv"}


def test_options_of_one_type_are_told_apart_by_the_scalars_in_which_they_differ() -> None:
    text = """
block:
  channel_mixer: {choice: [{type: mlp, ratio: 2}, {type: mlp, ratio: 3, act: gelu}, mlp]}
stages:
  - {dim: 8, depth: 1}
"""
    labels = [o.label for o in space(text).decisions["block.channel_mixer"].options]
    assert labels == ["mlp(ratio=2)", "mlp(ratio=3,act=gelu)", "mlp"]


def test_a_label_tells_options_apart_and_is_no_option() -> None:
    text = """
block:
  token_mixer:
    choice:
      - {type: sep_conv, act: {choice: [gelu, star_relu]}, label: a}
      - {type: sep_conv, act: gelu, label: b}
stages:
  - {dim: 8, depth: 1}
"""
    s = space(text)
    assert sorted(s.decisions) == ["block.token_mixer", "block.token_mixer.a.act"]
    assert s.size == 3
    for member in s.enumerate():
        assert archdsl.loads(member.dump()).network() == member.network()
    with pytest.raises(SpecError, match="two options are called 'sep_conv'"):
        space(text.replace(", label: a", "").replace(", label: b", "").replace("act: gelu}", "}"))


def test_answers_are_values_for_numbers_and_labels_for_the_rest() -> None:
    text = """
block:
  token_mixer: pooling
  layer_scale: {choice: [none, 1e-5]}
stages:
  - {dim: {choice: [8, 16]}, depth: {range: [1, 3]}}
"""
    s = space(text)
    assert s.default().decisions == {
        "stages.0.dim": 8,
        "stages.0.depth": 1,
        "block.layer_scale": "none",
    }
    member = s.member({"stages.0.dim": "16", "stages.0.depth": 3, "block.layer_scale": "1e-5"})
    assert member.decisions == {"stages.0.dim": 16, "stages.0.depth": 3, "block.layer_scale": 1e-5}


@pytest.mark.parametrize(
    ("decisions", "words"),
    [
        ({"stages.0.token_mixer": "pooling"}, "stages.2.token_mixer: this decision is missing"),
        (
            {"stages.0.token_mixer": "pool", "stages.2.token_mixer": "pooling"},
            "stages.0.token_mixer: pool is not among its options",
        ),
        (
            {
                "stages.0.token_mixer": "pooling",
                "stages.2.token_mixer": "pooling",
                "stages.2.token_mixer.sep_conv.kernel": 3,
            },
            "this member does not take the decision",
        ),
        (
            {
                "stages.0.token_mixer": "pooling",
                "stages.2.token_mixer": "pooling",
                "stages.3.token_mixer": "pooling",
            },
            "the space has no such decision",
        ),
    ],
)
def test_a_member_needs_exactly_its_decisions(decisions: dict[str, Any], words: str) -> None:
    s = space(PER_STAGE)
    with pytest.raises(SpecError) as caught:
        s.member(decisions)
    assert words in str(caught.value)
    fine = {"stages.0.token_mixer": "pooling", "stages.2.token_mixer": "pooling"}
    assert s.member(fine).decisions == fine


def test_a_space_can_be_built_as_it_stands() -> None:
    s = space(PER_STAGE)
    assert s.spec.network() == s.default().network()
