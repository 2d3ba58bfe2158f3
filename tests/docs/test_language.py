"""The manual of the language is right: its specs load, its errors are word for word, its Python
gives what it shows, and its commands run.
"""

from __future__ import annotations

import doctest
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.cli import main
from archdsl.errors import SpecError
from archdsl.language.yaml import read
from tests.docs.page import DOCS, Fence, Page

MANUAL = DOCS / "language.md"


FENCES = Page(MANUAL.name).fences
SPECS = [fence for fence in FENCES if fence.language == "yaml"]
WRONG = [fence for fence in SPECS if fence.below is not None]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with every file of the manual in it, as the working directory."""
    for fence in SPECS:
        (tmp_path / f"{fence.name}.yaml").write_text(fence.text, encoding="utf-8")
    for fence in FENCES:
        if fence.language == "python":
            name = fence.text.partition("\n")[0].removeprefix("# ")
            (tmp_path / name).write_text(fence.text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    yield tmp_path


def test_the_manual_has_examples_of_every_sort() -> None:
    assert len(SPECS) - len(WRONG) >= 8
    assert len(WRONG) >= 6
    assert {fence.language for fence in FENCES} == {"yaml", "sh", "pycon", "python"}
    assert len({fence.name for fence in SPECS}) == len(SPECS)


@pytest.mark.parametrize(
    "fence", [fence for fence in SPECS if fence.below is None], ids=lambda fence: fence.name
)
def test_a_spec_of_the_manual_loads(fence: Fence, folder: Path) -> None:
    assert fence.text.startswith("archdsl: 1\n")
    spec = archdsl.load(f"{fence.name}.yaml")
    assert spec.name == fence.name
    spec.network()


@pytest.mark.parametrize("fence", WRONG, ids=lambda fence: fence.name)
def test_an_error_of_the_manual_has_its_words(fence: Fence, folder: Path) -> None:
    with pytest.raises(SpecError) as caught:
        archdsl.load(f"{fence.name}.yaml")
    assert fence.below is not None
    assert str(caught.value) == fence.below.rstrip("\n")


def test_the_python_of_the_manual_gives_what_it_shows(folder: Path) -> None:
    names: dict[str, Any] = {}
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner(verbose=False)
    for fence in FENCES:
        if fence.language == "pycon":
            test = parser.get_doctest(fence.text, names, "language.md", str(MANUAL), fence.line)
            runner.run(test, clear_globs=False)
            names.update(test.globs)
    assert runner.summarize(verbose=False).failed == 0


@pytest.mark.parametrize(
    "fence",
    [fence for fence in FENCES if fence.language == "sh"],
    ids=lambda fence: f"line{fence.line}",
)
def test_a_command_of_the_manual_runs(
    fence: Fence, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for line in fence.text.splitlines():
        program, *arguments = shlex.split(line)
        assert program == "archdsl"
        assert main(arguments) == 0
    if fence.below is not None:
        assert capsys.readouterr().out == fence.below


def test_every_link_inside_the_manual_leads_somewhere() -> None:
    text = MANUAL.read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) == anchors


def test_the_keys_of_the_manual_are_those_of_the_language() -> None:
    from archdsl.language import positions
    from archdsl.language.search_section import KEYS

    text = MANUAL.read_text(encoding="utf-8")

    def table(heading: str) -> set[str]:
        section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
        rows = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
        return {word for row in rows for word in re.findall(r"`(\w+)`", row)}

    assert table("The document") == set(positions.at("top"))
    assert table("The search section") == set(KEYS)


def test_what_the_manual_says_of_values_is_so() -> None:
    text = "a: 010\nb: 0x10\nc: 1.\nd: no\ne: 'x'\n"
    tree = read(text, "f")
    values = [getattr(tree.items[key], "value", None) for key in tree]
    assert values == [10, 16, 1.0, "no", "x"]
