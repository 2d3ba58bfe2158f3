"""The page on images is right: its sources are read, and its passes give what it shows."""

from __future__ import annotations

import re

import pytest

from archdsl.components import registry
from tests.docs.page import Page

pytest.importorskip("datasets")
PAGE = Page("data.md")


def test_every_block_of_python_gives_what_the_page_shows(here, monkeypatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", "cache")
    assert PAGE.run_python() == 0


def test_the_page_tells_of_every_source() -> None:
    import archdsl.data

    rows = re.findall(r"^\| \[`(\w+)`\]", PAGE.text, re.MULTILINE)
    shipped = {
        name for name in registry.named("data")
        if registry.find("data", name).cls.__module__.startswith(archdsl.data.__name__)
    }  # fmt: skip
    assert set(rows) == shipped
