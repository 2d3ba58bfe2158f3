"""The page on training is right: its commands run in order, on three hundred images."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archdsl.cli import main
from archdsl.cli.parser import parsed
from tests.docs.page import Page

PAGE = Page("training.md")
COMMANDS = [line for fence in PAGE.of("sh") for line in fence.text.splitlines()]


def draw(folder: Path, many: int) -> None:
    """Lines across, lines down, and both, of any colours and any width."""
    draws = np.random.default_rng(0)
    rows, columns = np.mgrid[:40, :40]
    for name in ("striped", "barred", "checked"):
        (folder / name).mkdir(parents=True)
        for number in range(many):
            width, begin = draws.integers(3, 6), draws.integers(0, 12)
            across, down = (((lines + begin) // width) % 2 == 0 for lines in (rows, columns))
            light = {"striped": across, "barred": down, "checked": across ^ down}[name]
            one, other = draws.integers(0, 110, 3), draws.integers(140, 255, 3)
            pixels = np.where(light[..., None], other, one) + draws.integers(-20, 20, (40, 40, 3))
            image = Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
            image.save(folder / name / f"{number}.png")


@pytest.mark.slow
def test_every_command_runs_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "fabrics", 100)
    space, recipe = PAGE.of("yaml")
    Path("fabrics.yaml").write_text(space.text)
    Path("recipe.yaml").write_text(recipe.text)
    for line in COMMANDS:
        program, *words = shlex.split(line)
        assert program == "archdsl" and main(words) == 0, line
    record = json.loads(Path("runs/fabrics-train/train.json").read_text())
    assert len(record["epochs"]) == record["recipe"]["epochs"] == 20
    assert record["best"]["metrics"]["accuracy"] > 0.8  # a third is a guess
    assert record["test"]["n"] == 45
    assert list(Path("logged/loggers").rglob("metrics.csv"))
    (program,) = PAGE.of("python")
    exec(program.text, {})  # the page's own


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_is_understood(line: str) -> None:
    assert parsed(shlex.split(line)[1:]).run


def test_its_words_and_files_are_those_of_the_code() -> None:
    from archdsl.cli.train import _MADE

    known = vars(parsed(["train", "x"]))
    rows = [line.split("`")[1] for line in PAGE.text.splitlines() if line.startswith("| `--")]
    for word in rows:
        option = word.split()[0].removeprefix("--").replace("-", "_")
        assert {"set": "patches"}.get(option, option) in known
    assert all(f"| `{name}` |" in PAGE.text for name in _MADE)
    assert "every ten minutes (`--checkpoint-every MIN`" in PAGE.text
    assert known["checkpoint_every"] == "10"
