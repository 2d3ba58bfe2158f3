"""A folder of two classes that a network tells apart by their brightness, and weights for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import archdsl

FLOWERS = """\
archdsl: 1
name: flowers
input: [3, 16, 16]
classes: 2
stem: {type: conv, kernel: 4, stride: 4, padding: 0}
block: {norm: layer_norm, token_mixer: {choice: [pooling, identity]}, channel_mixer: mlp}
stages:
  - {dim: 8, depth: 1}
search:
  trials: 1
  final: none
  proxy: {data: {type: image_folder, path: flowers}, epochs: 4, batch: 8, lr: 0.02}
"""


def draw(folder: Path, names: dict[str, int], images: int = 10, seed: int = 0) -> None:
    """Class folders of noise. names: class -> brightness"""
    rng = np.random.default_rng(seed)
    for name, brightness in names.items():
        (folder / name).mkdir(parents=True)
        for number in range(images):
            pixels = rng.integers(0, 120, (20, 24, 3)) + brightness
            Image.fromarray(pixels.astype("uint8")).save(folder / name / f"{number}.png")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with flowers/, flowers.yaml, and a search on it in run/."""
    folder = tmp_path_factory.mktemp("trained")
    draw(folder / "flowers", {"daisy": 0, "rose": 130}, images=20)
    (folder / "flowers.yaml").write_text(FLOWERS)
    archdsl.search(folder / "flowers.yaml", out=folder / "run", listener=None)
    return folder


@pytest.fixture
def flowers(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory with flowers.yaml, and flowers/, which a search was on."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowers").symlink_to(trained / "flowers")
    (tmp_path / "flowers.yaml").write_text(FLOWERS)
    return tmp_path


@pytest.fixture
def run(trained: Path, flowers: Path) -> Path:
    """That search, to be written to."""
    return Path(shutil.copytree(trained / "run", flowers / "run"))
