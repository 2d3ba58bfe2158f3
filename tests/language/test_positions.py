"""A key is declared once: with that it is checked, resolved, written, counted and listed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.cli import main
from archdsl.components.options import KindOf, Maybe, Number
from archdsl.errors import SpecError
from archdsl.language import positions
from archdsl.language.positions import Position

HEAD = """
archdsl: 1
name: gated
input: [3, 16, 16]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}
block: {token_mixer: pooling}
"""
IN_NORM = Position(
    "in_norm", ("stage",), "layer", Maybe(KindOf("norm")), "a norm before the blocks"
)
WARMTH = Position("warmth", ("top", "stage"), "layer", Maybe(Number(False)), "how warm it is")

Load = Callable[..., Any]


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Load:
    """Specs of a language that has two more keys."""
    monkeypatch.setattr(positions, "DECLARED", (*positions.DECLARED, IN_NORM, WARMTH))

    def loads(stages: str, **patches: Any) -> Any:
        set_ = {key.replace("__", "."): value for key, value in patches.items()}
        return archdsl.loads(HEAD + stages, set=set_)

    return loads


PLAIN = "stages:\n  - {dim: 8, depth: 1, in_norm: layer_norm}\n  - {dim: 16, depth: 1}\n"
SPACE = """warmth: {choice: [0.5, 2]}
stages:
  - {dim: 8, depth: 1, in_norm: {choice: [none, layer_norm, {type: group_norm, groups: 2}]}}
  - {dim: 16, depth: 1, warmth: {range: [1, 4]}}
"""


def test_without_it_the_key_is_unknown() -> None:
    with pytest.raises(SpecError) as caught:
        archdsl.loads(HEAD + PLAIN)
    assert str(caught.value).splitlines()[0] == (
        "<text>:10:24: stages.0.in_norm: a stage has no key 'in_norm'"
    )


def test_a_declared_key_is_written_as_it_reads(load: Load) -> None:
    spec = load(PLAIN)
    assert spec.tree["stages"][0] == {"dim": 8, "depth": 1, "in_norm": "layer_norm"}
    assert archdsl.loads(spec.dump()) == spec
    assert archdsl.loads(spec.dump()).dump() == spec.dump()


def test_the_choices_in_declared_keys_are_decisions(load: Load) -> None:
    space = archdsl.Space(load(SPACE))
    assert list(space.decisions) == ["stages.0.in_norm", "warmth", "stages.1.warmth"]
    assert space.size == 3 * 2 * 4
    found = {space.member(dict(answers)).dump() for answers in every(space)}
    assert len(found) == 24
    for text in found:
        assert archdsl.loads(text).dump() == text


def every(space: Any) -> list[dict[str, Any]]:
    from itertools import product

    names = list(space.decisions)
    answers = [hole.answers for hole in space.decisions.values()]
    return [dict(zip(names, each, strict=True)) for each in product(*answers)]


def test_a_winner_holds_what_was_chosen_where_its_author_wrote_it(load: Load) -> None:
    member = archdsl.Space(load(SPACE)).member(
        {"warmth": 2, "stages.0.in_norm": "layer_norm", "stages.1.warmth": 3}
    )
    assert member.tree["warmth"] == 2
    assert member.tree["stages"] == [
        {"dim": 8, "depth": 1, "in_norm": "layer_norm"},
        {"dim": 16, "depth": 1, "warmth": 3},
    ]


def test_members_are_drawn_and_counted_inside_a_budget(load: Load) -> None:
    space = archdsl.Space(load(SPACE))
    budget = {"params": 10**6}
    assert space.count(budget) == 24
    [drawn] = space.sample(1, budget)
    assert set(drawn.decisions) == set(space.decisions)


def test_a_child_sets_and_patches_a_declared_key(load: Load, tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(HEAD + PLAIN)
    child = tmp_path / "child.yaml"
    child.write_text(
        "archdsl: 1\nextends: ./parent.yaml\nstages.0.in_norm.eps: 1e-3\n"
        "stages.1.in_norm: batch_norm\n"
    )
    spec = archdsl.load(child)
    assert spec.tree["stages"][0]["in_norm"] == {"type": "layer_norm", "eps": 1e-3}
    assert spec.tree["stages"][1]["in_norm"] == "batch_norm"


def test_what_stands_at_the_top_holds_for_the_stages(load: Load) -> None:
    spec = load("warmth: 0.5\n" + PLAIN, stages__1__warmth=2)
    values = [spec.document.stage_value(stage, "warmth").value for stage in spec.document.stages]
    assert values == [0.5, 2]


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        (
            "stages: [{dim: 8, depth: 1, in_norm: layer_nrom}]",
            "<text>:9:38: stages.0.in_norm: no norm is called 'layer_nrom'.  "
            "did you mean 'layer_norm'?  (archdsl list norm)",
        ),
        (
            "stages: [{dim: 8, depth: 1, in_norm: {choice: [none, 3]}}]",
            "<text>:9:54: stages.0.in_norm: 3 is no norm",
        ),
        (
            "stages: [{dim: 8, depth: 1, in_norm: {choice: [none], per: block}}]",
            "<text>:9:60: stages.0.in_norm: per: block cannot stand here",
        ),
        (
            "stages: [{dim: 8, depth: 1, warmth: hot}]",
            "<text>:9:37: stages.0.warmth: 'hot' is not a number",
        ),
        (
            "stages: [{dim: 8, depth: 1, in_nrom: layer_norm}]",
            "<text>:9:29: stages.0.in_nrom: a stage has no key 'in_nrom'",
        ),
        (
            "stages: [{dim: 8, runs: [{depth: 1, in_norm: none}]}]",
            "<text>:9:37: stages.0.runs.0.in_norm: a run has no key 'in_norm'",
        ),
        (
            "warmth: [1]\nstages: [{dim: 8, depth: 1}]",
            "<text>:9:9: warmth: a list where one value belongs (number)",
        ),
    ],
)
def test_a_wrong_value_is_refused_in_the_usual_words(load: Load, stages: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        load(stages)
    assert str(caught.value).splitlines()[0] == said


def test_a_declared_key_is_listed(
    load: Load, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert main(["list", "keys"]) == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    cells = [tuple(cell.strip() for cell in line if cell) for line in lines]
    assert ("in_norm", "norm | none", "none", "a norm before the blocks") in cells
    assert ("warmth", "number | none", "as at the top", "how warm it is") in cells


def test_every_key_is_listed_once_on_each_level(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "keys", "--json"]) == 0
    import json

    listed = json.loads(capsys.readouterr().out)["keys"]
    assert {level: list(keys) for level, keys in listed.items()} == {
        level: list(positions.at(level)) for level in listed
    }
    assert [
        name for level in listed.values() for name, row in level.items() if not row["help"]
    ] == []


def test_a_hole_for_what_blocks_are_built_like_is_refused() -> None:
    stages = "stages: [{dim: 8, depth: 1}]\n"
    with pytest.raises(SpecError) as caught:
        archdsl.loads(HEAD + stages + "block.type: {choice: [metaformer]}\n")
    assert str(caught.value) == (
        "<text>:10:13: block.type: no hole can stand here\n"
        "   10 | block.type: {choice: [metaformer]}\n"
        "      |             ^^^^^^^^^^^^^^^^^^^^^^\n"
        "  blocks are built alike; write the type"
    )
    assert archdsl.loads(HEAD + stages + "block.type: metaformer\n")


def test_a_patch_of_what_would_lead_into_the_first_stage_is_refused() -> None:
    stages = "stages: [{dim: 8, depth: 1}, {dim: 16, depth: 1}]\n"
    with pytest.raises(SpecError) as caught:
        archdsl.loads(HEAD + stages + "stages.0.downsample.kernel: 5\n")
    assert str(caught.value) == (
        "<text>:10:1: stages.0.downsample.kernel: "
        "the first stage has no downsample; the stem comes before it\n"
        "   10 | stages.0.downsample.kernel: 5\n"
        "      | ^^^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "  drop it, or write it into the stem"
    )
    assert archdsl.loads(HEAD + stages + "stages.1.downsample.kernel: 5\n")
