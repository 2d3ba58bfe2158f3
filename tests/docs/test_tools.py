"""The page on other people's tools is right: its blocks run, in order."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.page import Page

PAGE = Page("tools.md")


@pytest.mark.slow
def test_every_block_runs_in_order(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    PAGE.write(tmp_path)
    (command,) = PAGE.of("sh")
    program, *arguments = shlex.split(command.text)
    assert program == "torchrun"
    run([sys.executable, "-m", "torch.distributed.run", *arguments], tmp_path)
    blocks = [fence.text for fence in PAGE.of("python") if fence.file is None]
    assert len(blocks) == 8
    run([sys.executable, "-c", "\n".join(blocks)], tmp_path)


def run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_link_inside_the_page_leads_somewhere() -> None:
    headings = re.findall(r"^## (.+)$", PAGE.text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.text)) <= anchors
