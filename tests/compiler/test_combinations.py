"""Combinations are counted before one is looked at, and never for more than they are."""

from __future__ import annotations

import pytest

import archdsl
from archdsl import shipped
from archdsl.compiler import combinations
from archdsl.compiler.at_least import AtLeast
from archdsl.compiler.combinations import LIMIT, check_combinations, every_record
from archdsl.compiler.lower import Lowering
from archdsl.compiler.pieces import Piece, pieces
from archdsl.errors import SpecError

HEAD = """
archdsl: 1
name: counted
input: [3, 32, 32]
"""


def spec(params: str, ratio: str, dim: str = "8", stages: int = 1) -> str:
    stage = f"  - {{dim: {dim}, depth: 1, channel_mixer: {{type: mlp, ratio: {ratio}}}}}\n"
    return f"{HEAD}params: {params}\nstem: {{type: conv, kernel: 3}}\nstages:\n{stage * stages}"


def counts(text: str) -> list[tuple[int, int]]:
    """Of each piece the combinations that are counted, and those that there are."""
    known = archdsl.loads(text)
    least = AtLeast(known.document, known.holes)

    def there(piece: Piece) -> int:
        def run(ask) -> None:
            piece.layers(Lowering(known.document, known.holes, ask))

        return sum(1 for _ in every_record(run))

    return [(least.of(p.stage, p.nodes), there(p)) for p in pieces(known.document)]


EXACT = {
    "a range": spec("{}", "{range: [1, 5]}"),
    "a param": spec("{w: {choice: [8, 16]}}", "{choice: [1, 2, 3]}", "$w"),
    "a param that is met again": spec("{w: {range: [1, 4]}}", "$w + 1", "$w * 8"),
    "params that lean on others": spec(
        "{a: {choice: [8, 16]}, b: {choice: [$a * 2, 8, $a * 3]}}", "1", "$b"
    ),
    "an option with a range": spec("{a: {range: [2, 9]}}", "{choice: [1, $a, $a + 9]}"),
}
BELOW = {
    "two options that share a param": spec(
        "{a: {range: [1, 4]}, b: {choice: [8, $a * 16]}, c: {choice: [1, $a + 2]}}", "$c", "$b"
    ),
}


@pytest.mark.parametrize("text", EXACT.values(), ids=EXACT)
def test_combinations_are_counted_without_going_through_them(text: str) -> None:
    assert all(counted == there for counted, there in counts(text))


@pytest.mark.parametrize("text", BELOW.values(), ids=BELOW)
def test_a_count_is_never_too_large(text: str) -> None:
    found = counts(text)
    assert all(counted <= there for counted, there in found)
    assert any(1 < counted < there for counted, there in found)


@pytest.mark.parametrize("name", shipped.names(shipped.SPACES))
def test_no_shipped_space_is_counted_for_more_than_it_has(name: str) -> None:
    text = archdsl.load(name).dump()
    assert all(0 < counted <= there for counted, there in counts(text))


@pytest.mark.parametrize("name", shipped.names(shipped.SPACES))
def test_every_shipped_space_is_far_from_the_limit(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(combinations, "LIMIT", LIMIT // 3)
    monkeypatch.setattr(combinations, "MOST_STEPS", combinations.MOST_STEPS // 3)
    archdsl.load(name)


def refusal(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        archdsl.loads(text)
    return str(caught.value)


def test_too_many_combinations_are_refused_before_one_is_looked_at() -> None:
    options = ", ".join(f"$w * {n + 2}" for n in range(30))
    text = spec("{w: {range: [1, 900]}}", f"{{choice: [{options}]}}")
    said = refusal(text)
    assert said.startswith(
        "<text>:8:5: stages.0.channel_mixer: at least 27,000 combinations of answers meet here, "
        "after 2 layers; a spec has at most 6,000 layers, each counted once for every "
        "combination of its answers\n"
    )
    assert said.endswith("  write fewer options, larger steps, or fewer choices that meet")
    assert archdsl.loads(text.replace("900", "150")).is_space


def test_there_is_one_limit_for_all_layers_together() -> None:
    ratio = "{range: [1, 1500]}"
    assert refusal(spec("{}", ratio, stages=4)).startswith(
        "<text>:11:5: stages.3.channel_mixer: at least 1,500 combinations of answers meet here, "
        "after 4,508 layers"
    )
    assert archdsl.loads(spec("{}", ratio, stages=3)).is_space


def test_layers_without_a_choice_count_as_well() -> None:
    def mixers(count: int) -> str:
        return spec("{}", "1").replace("channel_mixer: {type: mlp, ratio: 1}", (
            f"token_mixer: [{', '.join(['pooling'] * count)}]"
        ))  # fmt: skip

    said = refusal(mixers(7000))
    assert "stages.0.token_mixer: this spec has more than 6,000 layers to look at\n" in said
    assert said.endswith(
        "  write a depth for runs that are alike, and fewer layers one after another"
    )
    archdsl.loads(mixers(5000))


def test_the_arithmetic_behind_all_combinations_has_an_end() -> None:
    text = spec("{w: {range: [1, 4000]}}", "$w" + " + w / 7 + w" * 14)
    assert refusal(text).startswith(
        "<text>:8:5: stages.0.channel_mixer: the expressions of this spec take more than 300,000 "
        "steps of arithmetic, over all combinations of answers\n"
    )
    assert archdsl.loads(text.replace("4000", "400")).is_space


def test_runs_whose_depths_are_not_all_0_are_not_multiplied() -> None:
    def runs(low: int) -> str:
        run = f"{{depth: {{range: [{low}, 4]}}, token_mixer: pooling}}"
        listed = ", ".join([run] * 8)
        return spec("{}", "1").replace(
            "depth: 1, channel_mixer: {type: mlp, ratio: 1}", f"runs: [{listed}]"
        )

    assert archdsl.loads(runs(1)).is_space
    assert "stages.0.depth: at least 390,625 combinations of answers meet here" in refusal(runs(0))


def test_what_does_not_fit_names_all_the_answers_however_they_were_met() -> None:
    text = f"""{HEAD}params: {{w: {{choice: [32, 64, 48]}}, h: {{choice: [16, 32]}}}}
stem: {{type: conv, kernel: 3}}
block: {{token_mixer: {{type: attention, head_dim: $h}}}}
stages:
  - {{dim: $w, depth: 1}}
  - {{dim: $w * 2, depth: 1, downsample: {{type: conv, kernel: 3, stride: 2}}}}
"""
    assert "params.w = 48, params.h = 32" in refusal(text)
    assert archdsl.loads(text.replace("48", "96")).is_space


def test_what_is_kept_changes_no_check() -> None:
    known = archdsl.load("meta_mixer")
    assert check_combinations(known.document, known.holes) == known.own
