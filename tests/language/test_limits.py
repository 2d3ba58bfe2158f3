"""What no author writes on purpose is refused in words, not by running out of stack or of time."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.errors import SpecError
from archdsl.language.assign import MAX_STAGES
from archdsl.language.holes import Choice, Range, read_hole
from archdsl.language.nodes import Mapping, Scalar, Sequence

STAGE = "  - {dim: 8, depth: 1, token_mixer: pooling}\n"
HEAD = "archdsl: 1\nstem: {type: conv, kernel: 3}\n"


def chain(length: int) -> str:
    params = "".join(f"  p{i}: $p{i - 1} + 1\n" for i in range(1, length))
    last = f"  - {{dim: $p{length - 1}, depth: 1, token_mixer: pooling}}\n"
    return f"{HEAD}params:\n  p0: 1\n{params}stages:\n{last}"


def test_params_may_lean_on_each_other_but_not_without_end() -> None:
    assert archdsl.loads(chain(20)).network().stages[0].dim == 20
    with pytest.raises(SpecError, match="its values lean on each other too deeply"):
        archdsl.loads(chain(3000))


def test_the_number_of_stages_is_limited() -> None:
    assert len(archdsl.loads(f"{HEAD}stages:\n{STAGE * MAX_STAGES}").network().stages) == 64
    with pytest.raises(SpecError, match="a spec has at most 64 stages, and these are 65"):
        archdsl.loads(f"{HEAD}stages:\n{STAGE * (MAX_STAGES + 1)}")


@pytest.mark.parametrize(("dim", "depth"), [("100001", "1"), ("8", "1001"), ("8G", "1")])
def test_widths_and_depths_are_limited(dim: str, depth: str) -> None:
    text = f"{HEAD}stages:\n  - {{dim: {dim}, depth: {depth}, token_mixer: pooling}}\n"
    with pytest.raises(SpecError, match="is not an int from 1 to 1000"):
        archdsl.loads(text)
    archdsl.loads(f"{HEAD}stages:\n  - {{dim: 100000, depth: 1000, token_mixer: pooling}}\n")


def test_the_numbers_of_a_range_are_made_once() -> None:
    span = Range(0.1, 0.3, 0.1, None, None, None)
    assert span.answers == (0.1, 0.2, 0.3)
    assert span.answers is Range(0.1, 0.3, 0.1, "stage", None, None).answers
    assert [type(n) for n in Range(1, 3, 1, None, None, None).answers] == [int, int, int]


def test_an_import_that_leaves_python_is_refused(tmp_path: Path) -> None:
    (tmp_path / "leaves.py").write_text("raise SystemExit(0)\n", encoding="utf-8")
    path = tmp_path / "s.yaml"
    path.write_text(f"archdsl: 1\nimports: [./leaves.py]\n{HEAD[11:]}stages:\n{STAGE}", "utf-8")
    with pytest.raises(SpecError, match=r"leaves\.py failed with SystemExit: 0"):
        archdsl.load(path)


@pytest.mark.parametrize(
    ("stem", "name"),
    [("my-net", "my_net"), ("2x", "_2x"), ("a.b", "a_b"), ("_", "_"), ("v1", "v1")],
)
def test_a_files_name_becomes_a_name(tmp_path: Path, stem: str, name: str) -> None:
    path = tmp_path / f"{stem}.yaml"
    path.write_text(f"{HEAD}stages:\n{STAGE}", encoding="utf-8")
    spec = archdsl.load(path)
    assert spec.name == name
    assert archdsl.loads(spec.dump()).name == name


def ranges(*numbers: int) -> str:
    """A spec with ranges of so many numbers, in stages of their own."""
    stages = "".join(
        f"  - {{dim: 8, depth: 1, channel_mixer: {{type: mlp, ratio: {{range: [1, {n}]}}}}}}\n"
        for n in numbers
    )
    return f"{HEAD}stages:\n{stages}"


def test_the_numbers_of_all_ranges_are_counted_before_one_is_looked_at() -> None:
    with pytest.raises(SpecError) as caught:
        archdsl.loads(ranges(*[20_000] * 8))
    assert str(caught.value) == (
        "<text>:9:58: stages.5.channel_mixer.ratio: "
        "the ranges of this spec have more than 100000 numbers together\n"
        "    9 |   - {dim: 8, depth: 1, channel_mixer: {type: mlp, ratio: {range: [1, 20000]}}}\n"
        "      |                                                          ^^^^^^^^^^^^^^^^^^^\n"
        "  write larger steps, or a choice of a few"
    )
    assert archdsl.loads(ranges(*[20] * 8)).is_space


def test_the_options_of_a_long_choice_are_told_apart_at_once() -> None:
    """Each is looked up, and not compared with all the others."""
    looked_at = 0

    class Counting(str):
        def __eq__(self, other: object) -> bool:
            nonlocal looked_at
            looked_at += 1
            return str.__eq__(self, other)

        __hash__ = str.__hash__

    texts = [Counting(f"w{n}") for n in range(500)]
    listed = Sequence(tuple(Scalar(text, text) for text in texts))
    hole = read_hole(Mapping({"choice": listed}))
    assert isinstance(hole, Choice)
    assert all((found := hole.option(text)) and found.label == text for text in texts)
    assert looked_at < 20 * len(texts)
