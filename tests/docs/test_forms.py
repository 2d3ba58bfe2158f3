"""The page on other forms is right: its commands and its Python run, and its tables are whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.exporters import forms, registry
from archdsl.exporters.gate.check import FOLDED
from archdsl.exporters.registry import find
from tests.bench.forms import MODELS
from tests.docs.page import Page

PAGE = Page("forms.md")


@pytest.mark.slow
@pytest.mark.usefixtures("here")
def test_the_commands_and_the_python_of_the_page_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_registered", dict(registry._registered))
    from archdsl import build, save

    save(build("./small.yaml"), "small.safetensors")
    for fence in PAGE.of("sh"):
        PAGE.run_commands(fence)
    assert PAGE.run_python() == 0
    assert Path("maps.pt2").is_file()


def shipped() -> list[str]:
    return [one.name for one in forms() if one.make.__module__.startswith("archdsl.")]


def test_the_page_has_every_form_with_what_it_needs() -> None:
    rows = re.findall(r"^\| `(\w+)` \| [`a-z].*\|$", PAGE.text, re.MULTILINE)
    assert rows[: len(shipped())] == shipped()
    for name in ("onnx", "executorch", "litert", "coreml"):
        assert f"| `pip install 'archdsl[{name}]'` |" in PAGE.text


def test_the_tolerances_are_those_of_the_forms() -> None:
    (said,) = re.findall(r"^The tolerances follow: (.+)$", PAGE.text, re.MULTILINE)
    assert said.startswith(
        "0 for `code`, 1e-5 for `program`, 2e-5 for `onnx`, 5e-5 for `executorch` and `litert`."
    )
    tolerances = {name: find(name).tolerance for name in shipped()}
    assert tolerances == {
        "code": 0, "program": 1e-5, "onnx": 2e-5, "executorch": 5e-5, "litert": 5e-5,
        "coreml": 1e-5,
    }  # fmt: skip
    assert FOLDED == 1e-5


def test_every_family_is_measured_in_every_form_and_within_the_tolerance() -> None:
    table = PAGE.text.partition("## What leaves how")[2]
    head, _, *rows = re.findall(r"^\|.+\|$", table, re.MULTILINE)
    columns = [cell.strip(" `") for cell in head.strip("|").split("|")]
    assert columns == ["model", "token mixers", *shipped()]
    measured = [[cell.strip(" `") for cell in row.strip("|").split("|")] for row in rows]
    assert [row[0] for row in measured[: len(MODELS)]] == list(MODELS)
    for row in measured[: len(MODELS)]:
        for name, share in zip(shipped(), row[2:], strict=True):
            if name != "coreml":
                assert float(share) <= find(name).tolerance, (row[0], name)
