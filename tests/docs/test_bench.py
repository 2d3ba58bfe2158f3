"""The page on timing is right: its commands measure its specs, its Python gives what it shows."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from archdsl.benchmarking.forms import FORMS
from archdsl.benchmarking.ratio import LEAST_ROUNDS, LEVEL
from archdsl.benchmarking.result import FORMAT
from archdsl.cli import main
from archdsl.cli.parser import parsed
from tests.docs.page import Page

PAGE = Page("bench.md")
COMMANDS = [line for fence in PAGE.of("sh") for line in fence.text.splitlines()]
SMALL = [line for line in COMMANDS if "small.yaml" in line]


@pytest.mark.parametrize("line", SMALL)
def test_its_commands_measure_its_specs(line: str, here: Path) -> None:
    program, *words = shlex.split(line)
    assert program == "archdsl"
    assert main([*words, "--rounds", "2", "--seconds", "0"]) == 0


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_understood(line: str) -> None:
    assert parsed(shlex.split(line)[1:]).run


def test_its_python_gives_what_it_shows(here: Path) -> None:
    assert PAGE.run_python() == 0


def test_its_numbers_and_names_are_those_of_the_code() -> None:
    text = " ".join(PAGE.text.split())
    known = vars(parsed(["bench", "x"]))
    for option in ("batch", "form", "mode", "device", "rounds", "seconds"):
        (row,) = (line for line in PAGE.text.splitlines() if line.startswith(f"| `--{option}"))
        assert row.endswith((f"({known[option]}) |", f"(`{known[option]}`) |"))
    assert f"It is at {LEVEL:.1%}".replace("%", " %") in text
    assert f"Fewer than {LEAST_ROUNDS} rounds" in text
    assert f"`format: {FORMAT}`" in text
    assert all(f"`{name}`" in text for name in FORMS)
