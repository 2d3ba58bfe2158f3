"""The page on judging is right: its commands and its Python run, its figures are the published."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.evaluation.calibration import BINS
from archdsl.published import published
from tests.docs.page import Page
from tests.evaluation.conftest import draw

PAGE = Page("evaluating.md")


def test_its_blocks_run_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "flowers", {"daisy": 0, "rose": 130}, images=20)
    PAGE.write(tmp_path)
    (commands,) = PAGE.of("sh")
    PAGE.run_commands(commands)
    assert (tmp_path / "found.json").is_file()
    assert (tmp_path / "confusion.csv").read_text().startswith("true \\ told,daisy,rose\n")
    assert PAGE.run_python() == 0


def test_the_published_figures_are_those_that_are_listed() -> None:
    table = PAGE.text.partition("| weights | top-1 |")[2]
    for model in published().values():
        if model.top1 is not None and model.seen is not None:
            at = f" at {model.top1_at}" if model.top1_at else ""
            assert f"`{model.name}` {model.top1}{at}" in table
    assert f"{BINS} bins of equal width" in PAGE.text
    assert main(["evaluate", "--help"]) == 0
