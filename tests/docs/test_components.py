"""The page on components of one's own is right: each is built, counted, exported and run."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.components.registry import KINDS
from archdsl.components.signature import MIXER_CONTEXT
from tests import started
from tests.docs.page import Fence, Page

PAGE = Page("components.md")
SPECS = PAGE.of("yaml")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with every file of the page, as the working directory."""
    PAGE.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    yield tmp_path


@pytest.mark.parametrize("fence", SPECS, ids=lambda fence: fence.name)
def test_a_spec_is_built_counted_and_exported_with_its_own_components(
    fence: Fence, folder: Path
) -> None:
    spec = archdsl.load(f"./{fence.name}.yaml")
    cost = archdsl.count(spec)
    model = archdsl.build(spec).eval()
    assert cost.train_params == sum(parameter.numel() for parameter in model.parameters())
    images = torch.randn(2, *spec.network().input)
    with torch.no_grad():
        logits = model(images)
    torch.save({"images": images, "logits": logits, "state": model.state_dict()}, "own.pt")
    archdsl.export(spec, path=f"{fence.name}_alone.py")
    alone = (
        "import sys, torch\n"
        f"import {fence.name}_alone as code\n"
        "assert not {name for name in sys.modules if name.partition('.')[0] == 'archdsl'}\n"
        "own = torch.load('own.pt')\n"
        f"model = code.{fence.name}().eval()\n"
        "model.load_state_dict(own['state'])\n"
        "with torch.no_grad():\n"
        "    assert torch.equal(model(own['images']), own['logits'])\n"
    )
    done = subprocess.run([*started.python(), "-c", alone], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_python_of_the_page_gives_what_it_shows(folder: Path) -> None:
    assert PAGE.run_python() == 0


@pytest.mark.parametrize("fence", PAGE.of("sh"), ids=lambda fence: f"line{fence.line}")
def test_a_command_of_the_page_runs(fence: Fence, folder: Path) -> None:
    PAGE.run_commands(fence)


def test_the_page_has_a_component_of_every_kind() -> None:
    source = "\n".join(fence.text for fence in PAGE.of("python"))
    decorators = {kind: "data_source" if kind == "data" else kind for kind in KINDS}
    for kind, decorator in decorators.items():
        assert f"@{decorator}(" in source, kind
        assert re.search(rf"^\| .*`{kind}`", PAGE.text, re.MULTILINE), kind


def test_the_page_names_all_that_the_network_tells() -> None:
    section = PAGE.text.partition("\n## What the network tells\n")[2].partition("\n## ")[0]
    named = {
        word for row in re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
        for word in re.findall(r"`(\w+)`", row)
    }  # fmt: skip
    assert named == {*MIXER_CONTEXT, *(name for kind in KINDS.values() for name in kind.context)}


def test_the_page_names_every_type_of_an_option() -> None:
    from archdsl.components import options

    section = PAGE.text.partition("\n## Options\n")[2].partition("\n## ")[0]
    public = {name for name in archdsl.__all__ if hasattr(options, name)}
    assert public <= set(re.findall(r"\w+", section))


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", PAGE.text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.text)) == anchors
