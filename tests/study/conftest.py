"""A space of 288 members that is counted in a second, and judges that need no training."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.compiler.network import Network
from archdsl.exporters.code import code
from archdsl.spaces import Space
from archdsl.study import Candidate, Result, search

TINY = """\
archdsl: 1
name: tiny

params:
  width: {choice: [8, 16]}

input: [1, 8, 8]
classes: 10

stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}

block:
  norm: layer_norm
  token_mixer:
    choice:
      - identity
      - pooling
      - {type: sep_conv, kernel: {choice: [3, 5]}}
    per: stage
  channel_mixer: {type: mlp, ratio: 2}

stages:
  - {dim: $width, depth: {range: [1, 3]}}
  - {dim: $width * 2, depth: {range: [1, 3]}}

head: linear
"""


def tiny_space(patches: dict[str, Any] | None = None, **settings: Any) -> Space:
    """The tiny space; `settings` are those of its `search:` section. Without a final round."""
    settings = {"final": None, **settings}
    patches = {**(patches or {}), **{f"search.{key}": value for key, value in settings.items()}}
    return archdsl.space(archdsl.loads(TINY, set=patches))


def judged(candidate: Candidate) -> float:
    """Deeper is better, a separable convolution is better still: between 0 and 1."""
    decisions = candidate.decisions
    depth = decisions["stages.0.depth"] + decisions["stages.1.depth"]
    mixers = [decisions[f"stages.{stage}.token_mixer"] for stage in (0, 1)]
    return round(depth / 20 + 0.3 * mixers.count("sep_conv") + candidate.cost.params / 1e6, 6)


@pytest.fixture(autouse=True)
def _code_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Searches find the same winners again and again, and one network is one text of code."""
    monkeypatch.setattr("archdsl.exporters.code.code", _code)


@functools.cache
def _code(network: Network, *given: Any, **costs: Any) -> str:
    return code(network, *given, **costs)


@pytest.fixture
def tiny() -> Callable[..., Space]:
    return tiny_space


@pytest.fixture
def run() -> Callable[..., Result]:
    """Search a space with a cheap judge."""

    def searched(space: Space, out: Path | None = None, **given: Any) -> Result:
        given.setdefault("evaluate", judged)
        return search(space, out=out, settings=space.spec.settings(), **given)

    return searched
