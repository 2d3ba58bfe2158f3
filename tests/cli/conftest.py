from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archdsl.cli import main

TINY = """\
archdsl: 1
name: tiny

input: [1, 8, 8]
classes: 10

stem: {type: conv, kernel: 3}
downsample: {type: conv, kernel: 3, stride: 2}

block:
  norm: layer_norm
  token_mixer: pooling
  channel_mixer: {type: mlp, ratio: 2}

stages:
  - {dim: 8, depth: 2}
  - {dim: 16, depth: 1}

head: linear
"""

TINY_SPACE = """\
archdsl: 1
name: tiny_space
extends: ./tiny.yaml

block.token_mixer: {choice: [pooling, {type: sep_conv, kernel: 3}, identity], per: stage}
stages.0.depth: {range: [1, 3]}

search:
  trials: 2
  final: none
  proxy: {epochs: 1}
"""


@dataclass
class Ran:
    """What one command line left: its exit code and what it printed."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`run("check", "poolformer_s12")` in this process."""

    def command(*arguments: object) -> Ran:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Ran(code, printed.out, printed.err)

    return command


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY)
    return path


@pytest.fixture
def tiny_space(tmp_path: Path, tiny: Path) -> Path:
    path = tmp_path / "tiny_space.yaml"
    path.write_text(TINY_SPACE)
    return path
