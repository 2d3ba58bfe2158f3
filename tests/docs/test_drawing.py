"""The page on drawings is right: its commands print what it shows, its figures are drawn anew."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.drawing.kinds import COLOURS
from tests.docs.page import DOCS, Fence, Page
from tests.drawing.conftest import texts

PAGE = Page("drawing.md")
FIGURES = re.findall(r"`archdsl ([^`]+ --draw docs/(figures/\w+\.svg))`", PAGE.text)


@pytest.mark.parametrize("fence", PAGE.of("sh"), ids=lambda fence: f"line {fence.line}")
def test_its_commands_print_what_it_shows(
    fence: Fence, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "130")
    PAGE.run_commands(fence)
    if fence.below is not None:
        assert capsys.readouterr().out == fence.below


def test_its_python_gives_what_it_shows(here: Path) -> None:
    assert PAGE.run_python() == 0


@pytest.mark.parametrize(("command", "figure"), FIGURES, ids=[figure for _, figure in FIGURES])
def test_a_figure_is_what_its_command_draws(command: str, figure: str, here: Path) -> None:
    words = shlex.split(command)
    assert main([*words[:-1], "new.svg"]) == 0
    old, new = ((DOCS / figure).read_text("utf-8"), Path("new.svg").read_text("utf-8"))
    assert texts(old) == texts(new)
    assert f"]({figure})" in PAGE.text


def test_every_figure_of_the_page_has_its_command() -> None:
    assert len(FIGURES) == len(re.findall(r"!\[", PAGE.text)) == 3


def test_what_it_says_of_colours_is_so() -> None:
    assert len(COLOURS) == 8
    assert "beyond eight kinds they come again, striped" in " ".join(PAGE.text.split())
