"""`To do it again` in the report works as it is printed, typed in the run directory."""

from __future__ import annotations

import html
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import archdsl
from archdsl.cli import main
from archdsl.study.engines.inline import Inline
from archdsl.study.engines.work import Work

SPEC = """\
archdsl: 1
name: mine
input: [1, 8, 8]
classes: 2
stem: {{type: conv, kernel: 4, stride: 4, padding: 0}}
block: {{norm: layer_norm, token_mixer: {{choice: [pooling, identity]}}, channel_mixer: mlp}}
stages: [{{dim: 8, depth: 1}}]
search:
  trials: 1
  proxy: {{{proxy}, epochs: 1, batch: 8}}
"""

OWN = """\
from pathlib import Path

import lightning.pytorch as pl
import torch
from torch.utils.data import DataLoader, TensorDataset

from neighbour import SIDE


class Mine(pl.LightningDataModule):
    def __init__(self, root=".", side=SIDE):
        super().__init__()
        self.root, self.side = Path(root), side

    def fingerprint(self):
        return {"labels": self.root / "labels.txt"}

    def setup(self, stage):
        number = int(Path("number.txt").read_text())  # of the working directory
        labels = torch.arange(number) % 2
        images = torch.randn(number, 1, self.side, self.side) + labels[:, None, None, None]
        self.data = TensorDataset(images, labels)

    def train_dataloader(self):
        return DataLoader(self.data, 8)

    val_dataloader = test_dataloader = train_dataloader
"""


def images(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for shade, name in enumerate(("dark", "light")):
        (folder / name).mkdir(parents=True)
        for number in range(12):
            pixels = rng.integers(0, 99, (9, 12), "uint8") + np.uint8(150 * shade)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")


def arrays(path: Path) -> None:
    labels = np.arange(40) % 2
    noise = np.random.default_rng(0).random((40, 8, 8), "float32")
    np.savez(path, x=noise + labels[:, None, None], y=labels)


def module(folder: Path) -> None:
    (folder / "mymodule.py").write_text(OWN)
    (folder / "neighbour.py").write_text("SIDE = 8\n")
    (folder / "labels.txt").write_text("0 1\n")


def printed(run: Path) -> str:
    found = re.search(r'<pre id="again">(.*?)</pre>', (run / "report.html").read_text(), re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


def typed(words: str, run: Path) -> None:
    """What was printed, typed in the run directory."""
    place = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", words], cwd=run, env={**os.environ, "PATH": place},
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def judged(run: Path) -> list[object]:
    lines = [json.loads(line) for line in (run / "trials.jsonl").read_text().splitlines()]
    return [(line["decisions"], line["metrics"], line["costs"]) for line in lines]


@pytest.mark.slow
@pytest.mark.parametrize("sort", ["folder", "npz", "datamodule", "arguments"])
@pytest.mark.parametrize("odd", ["plain", 'it\'s "$HOME" & #1: ü'])
def test_what_is_printed_does_it_again(sort, odd, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    project = tmp_path / odd
    project.mkdir()
    monkeypatch.chdir(tmp_path)
    (tmp_path / "number.txt").write_text("40")
    if sort == "folder":
        images(project / "da ta")
        proxy = "data: {type: image_folder, path: ./da ta, channels: 1}"
    elif sort == "npz":
        arrays(project / "a.npz")
        proxy = "data: {type: npz, path: a.npz}"
    else:
        module(project)
        proxy = 'datamodule: "mymodule:Mine"'
        if sort == "arguments":
            proxy = 'datamodule: {type: "mymodule:Mine", root: ., side: 8}'
    (project / "mine.yaml").write_text(SPEC.format(proxy=proxy))
    run = project / "out" / "first"
    spec = project / "mine.yaml"
    typed(shlex.join(["archdsl", "search", str(spec), "--out", str(run)]), tmp_path)
    words = printed(run)
    typed(words, run)
    assert judged(run / "again") == judged(run)
    if sort in ("datamodule", "arguments"):
        assert words.startswith("(cd ") and 'search "$OLDPWD"/space.yaml' in words


@pytest.mark.slow
def test_what_changed_since_is_said(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    images(tmp_path / "data")
    text = SPEC.format(proxy="data: {type: image_folder, path: data, channels: 1}")
    (tmp_path / "mine.yaml").write_text(text)
    assert main(["search", "mine.yaml", "--out", "run"]) == 0
    (tmp_path / "data").rename(tmp_path / "moved")
    more = ["--set", "search.trials=2", "--set", "search.proxy.data.path=moved"]
    assert main(["search", "mine.yaml", "--out", "run", *more]) == 0
    run = tmp_path / "run"
    assert printed(run) == (
        "archdsl search space.yaml --out again --set search.trials=2 "
        f"--set search.proxy.data.path=moved --set search.proxy.folder={tmp_path}"
    )
    typed(printed(run), run)
    assert judged(run / "again") == judged(run)


def test_digits_need_nothing_more_and_an_evaluate_is_pythons(tiny, run, tmp_path) -> None:
    run(tiny(trials=2), tmp_path / "run")
    assert printed(tmp_path / "run") == (
        'import archdsl\n\narchdsl.search("./space.yaml", evaluate, out="again")'
    )


class Several(Inline):
    """Says that it takes as many jobs at once as the settings say."""

    def __init__(self, space: archdsl.Space) -> None:
        super().__init__(Work(judged_by_cost, space=space))
        self.capacity = space.spec.settings().workers


def judged_by_cost(candidate: archdsl.Candidate) -> float:
    return candidate.cost.params / 1e6


def told(run: Path) -> str:
    text = re.sub(r"\s+", " ", html.unescape((run / "report.html").read_text()))
    found = re.search(r"The same space, settings, .* All of the record is in this folder\.", text)
    assert found is not None
    return found[0]


SAME = "The same space, settings, seed and versions propose the same trials"
HERE = " All of the record is in this folder."


def test_workers_that_changed_are_said_since_other_trials_may_be_proposed(tiny, run, tmp_path):
    out = tmp_path / "run"
    for trials, workers in ((2, 1), (4, 2)):
        space = tiny(trials=trials, workers=workers)
        run(space, out, engine=Several(space), evaluate=judged_by_cost)
        if workers == 1:
            assert told(out) == f"{SAME}.{HERE}"
    assert printed(out) == (
        'import archdsl\n\narchdsl.search("./space.yaml", evaluate, out="again", '
        "trials=4, workers=2)"
    )
    assert told(out) == (
        f"{SAME} as long as there are as many workers, and here that changed: 1 worker from trial "
        f"0 on, 2 workers from trial 2 on. So others may be proposed.{HERE}"
    )


def test_workers_from_the_beginning_are_the_spaces_and_need_no_word(tiny, run, tmp_path):
    out = tmp_path / "run"
    for trials in (2, 4):
        space = tiny(trials=trials, workers=2)
        run(space, out, engine=Several(space), evaluate=judged_by_cost)
    assert printed(out).endswith('out="again", trials=4)')
    assert told(out) == f"{SAME}.{HERE}"
