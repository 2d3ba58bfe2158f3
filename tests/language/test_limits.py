"""What no author writes on purpose is refused in words, not by running out of stack or of time."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.errors import SpecError
from archdsl.language.assign import MAX_STAGES
from archdsl.language.holes import Range

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
