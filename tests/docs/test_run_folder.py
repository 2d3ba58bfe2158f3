"""The promise of the record's format: every event, and a reader without archdsl."""

from __future__ import annotations

import dataclasses
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.study import search
from archdsl.study.record.events import KINDS
from archdsl.study.record.lines import FORMAT
from tests.docs.page import Page
from tests.study.conftest import judged, tiny_space

PAGE = Page("run-folder.md")


def table(heading: str) -> dict[str, str]:
    """First cell -> second cell, of the table under a heading."""
    part = PAGE.text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(.+?)`.*? \| ?(.*?) ?\|$", part, re.MULTILINE)
    return dict(rows)


def test_every_event_and_each_of_its_fields_is_on_the_page() -> None:
    shown = {
        kind: re.findall(r"(?:^|, )`(\w+\??)`", re.sub(r"\(.*?\)", "", cell))
        for kind, cell in table("Events").items()
    }
    assert shown == {
        kind: [
            field.name + "?" * (field.default is not dataclasses.MISSING)
            for field in dataclasses.fields(cls)
        ]
        for kind, cls in KINDS.items()
    }


def test_the_format_is_the_one_of_the_page() -> None:
    assert table("A line of the record")["format"].startswith(f"of the record: {FORMAT}.")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    space = tiny_space(trials=6, final={"keep": 1, "seeds": 2})
    search(space, evaluate=judged, out=tmp_path / "run", settings=space.spec.settings())
    return tmp_path / "run"


def read(run: Path) -> subprocess.CompletedProcess[str]:
    """What the page's own reader says, in a Python that has nothing but its library."""
    (reader,) = PAGE.of("python")
    (run.parent / "read_run.py").write_text(reader.text)
    return subprocess.run(
        [sys.executable, "-I", "-S", run.parent / "read_run.py", run], capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def test_the_reader_of_the_page_finds_what_archdsl_says(run: Path) -> None:
    found = json.loads(read(run).stdout)
    lines = [json.loads(line) for line in (run / "trials.jsonl").read_text().splitlines()]
    assert found == {
        str(line["number"]): {key: line[key] for key in ("decisions", "costs", "state", "values")}
        for line in lines
    }


def test_the_reader_of_the_page_finds_damage_and_passes_over_half_a_line(run: Path) -> None:
    record = run / "record.jsonl"
    whole = record.read_bytes()
    record.write_bytes(whole[:-20])
    assert read(run).returncode == 0
    record.write_bytes(whole.replace(b'"state": "complete"', b'"state": "failed"', 1))
    assert "is damaged" in read(run).stderr


def test_all_that_lies_in_a_run_is_on_the_page(run: Path) -> None:
    told = PAGE.text.partition("## What is in it\n")[2].partition("\n## ")[0]
    for path in run.iterdir():
        assert f"`{path.name}" in told, path.name
