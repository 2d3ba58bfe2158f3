"""The page on proxy checks is right: its space is checked by its command, and by its Python."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.study.proxy.agreement import LEAST
from archdsl.study.proxy.recommended import LEAST_RATIO, MARGIN, MOST_SEEDS
from archdsl.study.proxy.size import MEMBERS, SEEDS
from tests.docs.page import Page

PAGE = Page("proxy-check.md")


def test_its_python_says_what_it_says(here: Path) -> None:
    assert PAGE.run_python() == 0


@pytest.mark.slow
def test_its_command_checks_its_space(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program, *line = shlex.split(PAGE.of("sh")[0].text)
    assert program == "archdsl" and line[:2] == ["proxy-check", "digits"]
    few = ["proxy-check", "shapes.yaml", "--members", "2", "--seeds", "1"]
    assert main(few) == 0
    said = capsys.readouterr().out
    assert "2 architectures, 1 seed each: 2 epochs under the proxy, 3 under the final" in said
    assert (here / "runs" / "shapes-proxy-check" / "proxy-check.json").is_file()


def test_its_numbers_are_those_of_the_code() -> None:
    text = " ".join(PAGE.text.split())
    assert f"`--members` ({MEMBERS})" in text and f"`--seeds` ({SEEDS})" in text
    assert f"stays above -{MARGIN}" in text and f"is below -{MARGIN}" in text
    assert (LEAST, MOST_SEEDS) == (2, 10) and "two at least;" in text and "more than ten" in text
    assert f"reaches down to {LEAST_RATIO}" in text
