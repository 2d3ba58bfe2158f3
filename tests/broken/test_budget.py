"""A budget that no member fits is refused before the first trial, with the nearest figures."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.cli import main

FOLDER = Path(__file__).parent / "budget"
BROKEN = FOLDER / "budget_impossible.yaml"


def test_an_impossible_budget_is_refused_in_these_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = BROKEN.with_suffix(".txt").read_text(encoding="utf-8")
    out = tmp_path / "run"
    assert main(["search", str(BROKEN), "--out", str(out)]) == 2
    printed = capsys.readouterr()
    assert text.rstrip("\n").replace("{file}", str(BROKEN)) in printed.out + printed.err
    assert "Traceback" not in printed.err
    assert not out.exists()


def test_the_smallest_member_is_as_large_as_the_refusal_says() -> None:
    space = archdsl.space(BROKEN)
    assert min(space.cost(member).macs for member in space.enumerate()) == 72_352


def test_the_good_neighbour_has_members_inside_its_budget() -> None:
    space = archdsl.space(BROKEN.with_suffix(".good.yaml"))
    low, high = space.spec.settings().budget["macs"]
    assert (low, high) == (0, 100_000)
    assert any(space.cost(member).macs <= high for member in space.enumerate())
