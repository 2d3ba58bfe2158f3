"""Scopes and patches: plain keys replace, dotted keys patch, nothing merges; nearest wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.errors import SpecError

HEAD = """
archdsl: 1
input: [3, 32, 32]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}
"""


def mixers(spec: Any) -> list[tuple[str, dict[str, Any]]]:
    """Type and options of every token mixer, in order."""
    return [
        (branch.mixers[0].component.type, dict(branch.mixers[0].component.options))
        for block in spec.network().blocks()
        for branch in block.branches
        if branch.role == "token"
    ]


def kernels(text: str, **patches: Any) -> list[int]:
    spec = archdsl.loads(HEAD + text, set={k.replace("__", "."): v for k, v in patches.items()})
    return [options["kernel"] for _, options in mixers(spec)]


def test_a_stage_restates_what_differs_from_the_block_and_a_run_from_its_stage() -> None:
    text = """
block: {token_mixer: {type: sep_conv, kernel: 3}}
stages:
  - {dim: 8, depth: 1}
  - dim: 16
    token_mixer: {type: sep_conv, kernel: 5}
    runs:
      - {depth: 1}
      - {depth: 2, token_mixer.kernel: 7}
"""
    assert kernels(text) == [3, 5, 7, 7]


def test_a_patch_in_a_stage_changes_one_option_of_what_is_inherited() -> None:
    text = """
block: {token_mixer: {type: sep_conv, kernel: 3, ratio: 3}}
stages:
  - {dim: 8, depth: 1, token_mixer.kernel: 9}
"""
    spec = archdsl.loads(HEAD + text)
    [(_, options)] = mixers(spec)
    assert (options["kernel"], options["ratio"]) == (9, 3)


def test_a_patch_turns_a_bare_name_into_a_mapping() -> None:
    text = "block: {token_mixer: sep_conv}\nstages:\n  - {dim: 8, depth: 1}\n"
    assert kernels(text, block__token_mixer__kernel=5) == [5]


def test_a_plain_key_replaces_the_whole_value() -> None:
    text = """
block: {token_mixer: {type: sep_conv, kernel: 3, ratio: 3}}
stages:
  - {dim: 8, depth: 1, token_mixer: {type: sep_conv, kernel: 5}}
"""
    [(_, options)] = mixers(archdsl.loads(HEAD + text))
    assert (options["kernel"], options["ratio"]) == (5, 2)


def test_shorter_addresses_apply_first_whatever_their_order_in_the_file() -> None:
    text = """
stages.0.token_mixer.kernel: 9
stages.0.token_mixer: {type: sep_conv, kernel: 5}
block: {token_mixer: pooling}
stages:
  - {dim: 8, depth: 1}
"""
    assert kernels(text) == [9]


def test_setting_an_address_discards_earlier_patches_below_it() -> None:
    text = """
block: {token_mixer: {type: sep_conv, kernel: 3}}
stages:
  - {dim: 8, depth: 1, token_mixer.kernel: 9}
"""
    assert kernels(text) == [9]
    assert kernels(text, stages__0__token_mixer={"type": "sep_conv", "kernel": 5}) == [5]


def test_replacing_an_inherited_component_discards_the_parents_patches_and_says_so(
    tmp_path: Path,
) -> None:
    (tmp_path / "parent.yaml").write_text(
        HEAD
        + """
block: {token_mixer: {type: sep_conv, kernel: 3}}
stages:
  - {dim: 8, depth: 1, token_mixer.kernel: 9}
  - {dim: 16, depth: 1}
"""
    )
    (tmp_path / "child.yaml").write_text(
        "archdsl: 1\nextends: ./parent.yaml\nblock.token_mixer: pooling\n"
        "stages.1.token_mixer: {type: sep_conv, kernel: 5}\n"
    )
    spec = archdsl.load(tmp_path / "child.yaml")
    assert [name for name, _ in mixers(spec)] == ["pooling", "sep_conv"]
    assert spec.discarded == ("stages.0.token_mixer.kernel (replaced by block.token_mixer)",)


def test_a_childs_own_patch_of_what_it_replaces_stays(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(
        HEAD + "block: {token_mixer: pooling}\nstages:\n  - {dim: 8, depth: 1}\n"
    )
    (tmp_path / "child.yaml").write_text(
        "archdsl: 1\nextends: ./parent.yaml\nstages.0.token_mixer.kernel: 9\n"
        "block.token_mixer: {type: sep_conv, kernel: 3}\n"
    )
    spec = archdsl.load(tmp_path / "child.yaml")
    assert [options["kernel"] for _, options in mixers(spec)] == [9]
    assert spec.discarded == ()


def test_none_means_absent_everywhere(small: Any) -> None:
    blocks = list(small(stages__1__token_mixer=None).network().blocks())
    assert [b.role for b in blocks[0].branches] == ["token", "channel"]
    assert [b.role for b in blocks[1].branches] == ["channel"]
    assert all(
        b.norm is None for x in small(block__norm=None).network().blocks() for b in x.branches
    )


def test_runs_replace_an_inherited_depth_and_the_other_way_round(small: Any) -> None:
    runs = small(stages__1__runs=[{"depth": 1}, {"depth": 3, "token_mixer": "pooling"}])
    assert len(runs.network().stages[1].blocks) == 4
    assert any("stages.1.depth" in line for line in runs.discarded)
    back = archdsl.load(runs, set={"stages.1.depth": 2})
    assert len(back.network().stages[1].blocks) == 2


def test_depth_and_runs_in_one_place_are_refused() -> None:
    text = "block: {token_mixer: pooling}\nstages:\n  - {dim: 8, depth: 1, runs: [{depth: 1}]}\n"
    with pytest.raises(SpecError, match="depth or runs, not both"):
        archdsl.loads(HEAD + text)


@pytest.mark.parametrize(
    ("address", "value", "words"),
    [
        ("stages.2.depth", 3, "there is no stage 2"),
        ("stages.1.runs.0.depth", 3, "stages.1 has no runs"),
        ("blok.norm", "none", "did you mean 'block'?"),
        ("stages.1.deph", 3, "did you mean 'depth'?"),
        ("block.token_mixer.type", "pooling", "write the component whole"),
        ("block.layer_scale.init", 1e-5, "there is no layer_scale to patch"),
        ("stages.1.layer_scale.init", 1e-5, "there is no layer_scale to patch"),
        ("stages.1.dim.x", 3, "dim has no options to patch"),
        ("stem.norm.eps", 1e-3, "there is no 'norm' written there to patch"),
        ("archdsl.x", 2, "archdsl is read before anything is set"),
        ("extends", "poolformer_s12", "write extends in the file"),
        ("imports", ["./mine.py"], "write imports in the file"),
        ("found", {"a": 1}, "write found in the file"),
        ("params.width.x", 2, "params has no key 'width'"),
    ],
)
def test_an_address_that_is_not_there_is_refused(
    small: Any, address: str, value: Any, words: str
) -> None:
    with pytest.raises(SpecError) as caught:
        small(**{address.replace(".", "__"): value})
    assert words in str(caught.value)


def test_extends_in_a_circle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("archdsl: 1\nextends: ./b.yaml\n")
    (tmp_path / "b.yaml").write_text("archdsl: 1\nextends: ./a.yaml\n")
    with pytest.raises(SpecError, match=r"a circle of parents: a\.yaml -> b\.yaml -> a\.yaml"):
        archdsl.load(tmp_path / "a.yaml")


def test_a_chain_of_parents_is_followed_from_the_root(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        HEAD
        + "block: {token_mixer: {type: sep_conv, kernel: 3}}\nstages:\n  - {dim: 8, depth: 1}\n"
    )
    (tmp_path / "b.yaml").write_text("archdsl: 1\nextends: ./a.yaml\nblock.token_mixer.kernel: 5\n")
    (tmp_path / "c.yaml").write_text("archdsl: 1\nextends: ./b.yaml\nstages.0.depth: 2\n")
    spec = archdsl.load(tmp_path / "c.yaml")
    assert [options["kernel"] for _, options in mixers(spec)] == [5, 5]
    assert spec.name == "c"


def test_a_list_of_mixers_is_one_after_another(small: Any) -> None:
    spec = small(block__token_mixer=["pooling", {"type": "sep_conv", "kernel": 3}])
    network = spec.network()
    layers = network.stages[0].blocks[0].branches[0].mixers
    assert [layer.component.type for layer in layers] == ["pooling", "sep_conv"]
    assert [layer.address for layer in layers] == [
        "stages.0.blocks.0.token_mixer.0",
        "stages.0.blocks.0.token_mixer.1",
    ]
    model = archdsl.build(spec)
    for address in archdsl.count(spec).by_address:
        model.get_submodule(address)
    assert archdsl.loads(spec.dump()).network() == network


def test_a_mixer_of_a_list_can_be_patched_and_chosen(small: Any) -> None:
    spec = small(
        block__token_mixer=["pooling", {"type": "sep_conv", "kernel": {"choice": [3, 5]}}],
        stages__1__token_mixer__1__kernel=7,
    )
    space = archdsl.space(spec)
    assert list(space.decisions) == ["block.token_mixer.1.kernel"]
    for member in space.enumerate():
        assert archdsl.loads(member.dump()).network() == member.network()
        kernel = member.decisions["block.token_mixer.1.kernel"]
        found = [
            m.component["kernel"]
            for b in member.network().blocks()
            for m in b.branches[0].mixers[1:]
        ]
        assert found == [kernel, 7, 7]


def test_a_list_stands_where_a_list_belongs(small: Any) -> None:
    with pytest.raises(SpecError, match="one norm stands here, not a list"):
        small(block__norm=["layer_norm", "batch_norm"])


def test_a_single_layer_has_the_address_of_the_first_of_a_list(small: Any) -> None:
    assert small(stem__0__stride=1).network() == small(stem__stride=1).network()
    with pytest.raises(SpecError, match="there is no '1' written there to patch"):
        small(stem__1__stride=1)
