"""The page on editors is right."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

from archdsl.cli import main
from tests.docs.page import Page

PAGE = Page("editors.md")


def test_its_commands_do_what_it_says(here: Path, capsys) -> None:
    lines = [fence.text.strip() for fence in PAGE.of("sh")]
    assert len(lines) == 3
    for line in lines:
        command, _, file = line.partition(" > ")
        assert main(shlex.split(command)[1:]) == 0
        said = capsys.readouterr().out
        if file:
            assert json.loads(said)["title"] == "archdsl"
        else:
            assert said == "mine.yaml: right, one architecture\n"
