"""The page on winners is right: its search runs, and its Python runs on what that left."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from archdsl.cli import main
from tests import started

PAGE = Path(__file__).parents[2] / "docs" / "using-a-winner.md"


def blocks(language: str) -> list[str]:
    text = PAGE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def draw(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for label, name in enumerate(("daisy", "rose")):
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = rng.integers(0, 120, (40, 50, 3)) + 130 * label
            Image.fromarray(pixels.astype("uint8")).save(folder / name / f"{number}.png")


@pytest.mark.slow
def test_every_block_runs_in_order(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    draw(tmp_path / "flowers")
    (spec,), (command,) = blocks("yaml"), blocks("sh")
    (tmp_path / "flowers.yaml").write_text(spec, encoding="utf-8")
    program, *arguments = shlex.split(command)
    assert program == "archdsl" and main(arguments) == 0
    done = subprocess.run(
        [*started.python(), "-c", "\n".join(blocks("python"))], cwd=tmp_path / "run",
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "rose\n"
    assert (tmp_path / "run" / "tuned.pt").exists()
    assert len(blocks("python")) == 6


def test_the_keys_of_a_statement_are_those_that_are_read() -> None:
    from archdsl.data.preprocessing import NotStated, stated

    table = PAGE.read_text(encoding="utf-8").partition("## A datamodule")[2]
    rows = re.findall(r"^\| (`.+?) \|", table, re.MULTILINE)
    keys = {key for row in rows for key in re.findall(r"`(\w+)`", row)}
    with pytest.raises(NotStated) as caught:
        stated({"means": 0}, 3, (8, 8), 2, where="it")
    assert str(caught.value) == (
        "it has no 'means', and takes class_names, scale, mean, std, cover, interpolation"
    )
    assert keys == {"class_names", "scale", "mean", "std", "cover", "interpolation"}
