"""What is trained is read back, whole lines alone, and its noise is told."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

import archdsl
from benchmarks import make_table
from benchmarks.table import Table


def line(name: str, *finals: float) -> dict[str, Any]:
    """A member of two epochs with a seed for each last accuracy."""
    curves = [[0.1, final] for final in finals]
    cost = {"macs": 1, "params": 2, "seconds": 3.0}
    return {"decisions": {"a": name, "b": 1}, "accuracy": curves, "loss": curves, **cost}


@pytest.fixture
def table(tmp_path: Path) -> Table:
    path = tmp_path / "table.jsonl.gz"
    with gzip.open(path, "wt") as file:
        file.writelines(
            json.dumps(each) + "\n" for each in (line("x", 0.5, 0.7), line("y", 0.6, 0.8))
        )
    return Table.load(path)


def test_lookups_are_by_decisions_in_any_order(table: Table) -> None:
    assert table.mean({"b": 1, "a": "x"}) == table.mean({"a": "x", "b": 1}) == pytest.approx(0.6)
    assert table.mean({"a": "y", "b": 1}, epoch=0) == pytest.approx(0.1)
    assert table.curve({"a": "y", "b": 1}) == pytest.approx((0.1, 0.7))
    assert table.curve({"a": "y", "b": 1}, seed=1) == (0.1, 0.8)
    assert table.macs({"a": "y", "b": 1}) == 1
    with pytest.raises(KeyError):
        table.mean({"a": "z", "b": 1})


def test_the_noise_is_that_of_its_definition(table: Table) -> None:
    assert table.noise.seeds == pytest.approx(0.02**0.5)
    assert table.noise.means == pytest.approx(0.1)
    assert table.noise.members == pytest.approx(0.005**0.5)
    assert table.noise.share == pytest.approx(2)


def test_a_table_that_was_not_made_names_what_makes_it(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"make it with benchmarks/make_table\.py"):
        Table.load(tmp_path / "none.jsonl.gz")


def test_a_line_that_was_cut_off_is_not_finished(tmp_path: Path) -> None:
    whole = json.dumps({"decisions": {"a": 1}})
    (tmp_path / "0-of-1.jsonl").write_text(f"{whole}\n{whole[:9]}\n{whole}\n{whole[:5]}")
    assert [each["decisions"] for each in make_table.lines(tmp_path)] == [{"a": 1}] * 2


def test_only_a_whole_space_is_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_table, "TABLE", tmp_path / "table.jsonl.gz")
    members = [member.decisions for member in archdsl.space(make_table.SPACE).enumerate()]
    lines = [json.dumps(line("", 0.5) | {"decisions": decisions}) for decisions in members]
    (tmp_path / "0-of-1.jsonl").write_text("\n".join(lines[1:]))
    with pytest.raises(SystemExit, match="1 members are not trained yet"):
        make_table.pack(tmp_path)
    assert not make_table.TABLE.exists()
    (tmp_path / "1-of-1.jsonl").write_text(lines[0])
    make_table.pack(tmp_path)
    assert len(Table.load(make_table.TABLE)) == len(members) == 1024
