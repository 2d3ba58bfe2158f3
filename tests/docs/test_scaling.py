"""The commands of the page on workers exist, with the options that it gives them."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from archdsl.cli import main
from tests import started
from tests.docs.page import Page

ROOT = Path(__file__).resolve().parents[2]
LINES = [line.partition("#")[0] for fence in Page("scaling.md").of("sh")
         for line in fence.text.splitlines()]  # fmt: skip
MODULES = [shlex.split(line) for line in LINES if line.startswith("python -m")]


@pytest.mark.slow
def test_a_search_with_two_workers_and_its_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    searching, status = (shlex.split(line)[1:] for line in LINES
                         if line.startswith("archdsl") and "postgresql" not in line
                         and "ray" not in line)  # fmt: skip
    searching[1] = str(ROOT / searching[1])
    monkeypatch.chdir(tmp_path)
    few = ["--set", "search.trials=2", "--set", "search.proxy.epochs=1"]
    assert main([*searching, *few]) == 0
    capsys.readouterr()
    assert main(status) == 0
    assert "2 of 2 trials, done" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("module", sorted({words[2] for words in MODULES}))
def test_a_benchmark_takes_the_options_of_the_page(module: str) -> None:
    done = subprocess.run(
        [*started.python(), "-m", module, "--help"], cwd=ROOT, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    given = {word for words in MODULES if words[2] == module for word in words if word[:2] == "--"}
    assert all(option in done.stdout for option in given)
