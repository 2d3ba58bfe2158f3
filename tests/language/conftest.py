"""What the tests of the language share: a small spec to change one thing in."""

from __future__ import annotations

from typing import Any

import pytest

import archdsl
from archdsl.specification import Spec

SMALL = """
archdsl: 1
name: small
input: [3, 32, 32]
classes: 10
stem: {type: conv, kernel: 3, stride: 2}
downsample: {type: conv, kernel: 3, stride: 2}
block:
  norm: layer_norm
  token_mixer: {type: sep_conv, kernel: 5}
  channel_mixer: {type: mlp, ratio: 2}
stages:
  - {dim: 8, depth: 1}
  - {dim: 16, depth: 2}
"""


@pytest.fixture
def small() -> Any:
    """`small(set...)`: the small spec with patches applied."""

    def load(**patches: Any) -> Spec:
        named = {key.replace("__", "."): value for key, value in patches.items()}
        return archdsl.loads(SMALL, set=named)

    return load
