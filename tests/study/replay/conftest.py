"""Searches that train on forty images of eight by eight, with a mixer of their own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archdsl

SPEC = """\
archdsl: 1
name: mine
imports: [../lib/scaled.py, ./pack]
input: [1, 8, 8]
classes: 2
stem: {type: conv, kernel: 4, stride: 4, padding: 0, norm: batch_norm}
block:
  norm: layer_norm
  token_mixer: {choice: [identity, {type: scaled, start: {choice: [0.5, 2.0]}}, flipped]}
  channel_mixer: {type: mlp, ratio: 2}
  layer_scale: none
drop_path: 0.2
stages: [{dim: {choice: [8, 12]}, depth: {range: [1, 3]}}]
head: {type: linear, norm: batch_norm}
search:
  trials: 3
  final: {keep: 1, seeds: 2}
  proxy: {data: {type: npz, path: da ta/a.npz}, epochs: 3, batch: 8, lr: 1e-2}
"""

SCALED = '''\
import torch
from torch import nn

from archdsl import token_mixer
from factor import FACTOR


@token_mixer("scaled")
class Scaled(nn.Module):
    """Multiplies with a learnt number."""

    def __init__(self, dim: int, *, start: float = 1.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((dim,), FACTOR * start))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scale[:, None, None]
'''

FLIPPED = '''\
import torch
from torch import nn

from archdsl import token_mixer


@token_mixer("flipped")
class Flipped(nn.Module):
    """Turns the map upside down."""

    def __init__(self, dim: int) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.flip(-2)
'''


def arrays(path: Path, seed: int = 0) -> None:
    labels = np.arange(40) % 2
    noise = np.random.default_rng(seed).random((40, 8, 8), "float32")
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, x=noise + 0.2 * labels[:, None, None], y=labels)


def project(folder: Path) -> Path:
    """A space with components, a package and data of its own, in `folder/project`."""
    here = folder / "project"
    for name in ("lib", "project/pack"):
        (folder / name).mkdir(parents=True)
    (folder / "lib" / "scaled.py").write_text(SCALED)
    (folder / "lib" / "factor.py").write_text("FACTOR = 1.5\n")
    (here / "pack" / "__init__.py").write_text("from .inner import Flipped as Flipped\n")
    (here / "pack" / "inner.py").write_text(FLIPPED)
    arrays(here / "da ta" / "a.npz")
    (here / "space.yaml").write_text(SPEC)
    return here


def searched(here: Path, out: str = "run", **given: Any) -> Path:
    archdsl.search(here / "space.yaml", out=here / out, listener=None, **given)
    return here / out


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, byte for byte."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose search is over, with a final round, judged by this process."""
    return searched(project(tmp_path_factory.mktemp("inline")))


@pytest.fixture
def untouched(kept: Path) -> Iterator[Path]:
    """The run, which has to be byte for byte what it was."""
    before = contents(kept)
    yield kept
    assert contents(kept) == before
