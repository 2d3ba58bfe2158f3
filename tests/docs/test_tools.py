"""The page on other people's tools is right: its blocks are one program, which runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.page import Page

PAGE = Page("tools.md")


@pytest.mark.slow
@pytest.mark.filterwarnings(r"ignore:`torch\.jit\.\w+` is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning:torch.nn.functional")
@pytest.mark.filterwarnings("ignore:`isinstance.treespec, LeafSpec.` is deprecated")
def test_the_program_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    monkeypatch.chdir(tmp_path)
    program = "\n".join(fence.text for fence in PAGE.of("python"))
    exec(compile(program, str(PAGE.path), "exec"), {"__name__": "page"})
