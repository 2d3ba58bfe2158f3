"""The page on saved models and the Hub is right."""

from __future__ import annotations

from pathlib import Path

from archdsl.integrations.hub_folder import WANTED
from tests.docs.page import Page

PAGE = Page("hub.md")


def test_its_python_gives_what_it_shows(here: Path) -> None:
    assert PAGE.run_python() == 0


def test_the_files_that_are_fetched_are_those_of_the_table() -> None:
    assert all(f"| `{name}` |" in PAGE.text for name in WANTED)
