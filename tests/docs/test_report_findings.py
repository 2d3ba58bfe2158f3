"""The page on what mattered is right: its search leads to what it says, its command does."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.study.report import effects, mattered
from archdsl.study.report.read import read
from tests import started
from tests.docs.page import Page
from tests.study.conftest import judged, tiny_space

PAGE = Page("report-findings.md")
ROOT = Path(__file__).resolve().parents[2]


def test_its_search_says_what_it_says(here: Path) -> None:
    assert PAGE.run_python() == 0
    record = read(here / "runs" / "mixers")
    decision = "stages.2.blocks.0.token_mixer"
    first = mattered.mattered(record).importances[0]
    assert first.address == decision and first.interval[0] > first.by_chance
    found = effects.effects(record)
    assert found is not None
    change = {one.answer: one.change for one in found.by_decision[decision]}
    assert change["identity"] == pytest.approx(-0.12, abs=0.01)


def test_its_command_writes_both_pages(here: Path, capsys) -> None:
    from archdsl.study import search

    for name in ("mixers", "other"):
        search(tiny_space(trials=1), evaluate=judged, out=Path("runs") / name,
               settings=tiny_space(trials=1).spec.settings())  # fmt: skip
    (fence,) = PAGE.of("sh")
    assert main(fence.text.split()[1:-1]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "runs/other/report.html is written"


def test_its_numbers_are_those_of_the_code() -> None:
    assert f"| {mattered.LEAST} whole trials |" in PAGE.text
    assert f"| {effects.LEAST} whole trials |" in PAGE.text
    assert f"Of more than {effects.KNOWN} trials the process is given {effects.KNOWN}" in PAGE.text
    assert len(re.findall(rf"{mattered.RESAMPLES} (?:resamples|dealings)", PAGE.text)) == 2


@pytest.mark.slow
def test_its_benchmark_runs() -> None:
    assert "`python -m tests.bench.analyses`" in PAGE.text
    done = subprocess.run(
        [*started.python(), "-m", "tests.bench.analyses"], cwd=ROOT, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert done.stdout.count("%") == 6
