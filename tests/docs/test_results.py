"""The page on results is right: its space searches, and its Python says what it says."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from archdsl.cli import main
from tests import started
from tests.docs.page import Page

PAGE = Page("results.md")
ROOT = Path(__file__).resolve().parents[2]


def test_its_space_is_right(here: Path) -> None:
    assert main(["check", "shapes.yaml"]) == 0


def test_its_python_says_what_it_says(here: Path) -> None:
    assert PAGE.run_python() == 0


@pytest.mark.slow
def test_its_benchmark_runs() -> None:
    lines = [fence.text.split() for fence in PAGE.of("sh")]
    (line,) = (words for words in lines if words[0] == "python")
    done = subprocess.run(
        [*started.python(), *line[1:], "--runs", "3"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert len(done.stdout.splitlines()) == 7
