"""Models that are saved, and how two are compared."""

from __future__ import annotations

import pytest
import torch

from archdsl.errors import ArchError

TINY = """\
archdsl: 1
name: tiny
params: {width: 8}
input: [3, 16, 16]
classes: 3
stem: {type: conv, kernel: 4, stride: 4, norm: batch_norm}
downsample: {type: conv, kernel: 2, stride: 2, padding: 0}
block:
  norm: layer_norm
  token_mixer: {type: attention, head_dim: 4}
  channel_mixer: {type: mlp, ratio: 2}
stages:
  - {dim: $width, depth: 1}
  - {dim: $width * 2, depth: 1}
search: {trials: 3}
"""

MIXERS = '''
from torch import nn

from archdsl import token_mixer


@token_mixer("pointwise_of_a_test")
class Pointwise(nn.Module):
    """A convolution twice, with one set of weights."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(dim, dim, 1)
        self.second = nn.Conv2d(dim, dim, 1)
        self.second.weight = self.first.weight

    def forward(self, x):
        return self.second(self.first(x))
'''


def alike(one, other):
    first, second = one.state_dict(), other.state_dict()
    return list(first) == list(second) and all(
        first[name].dtype == second[name].dtype and torch.equal(first[name], second[name])
        for name in first
    )


def said(call, *args, **how):
    with pytest.raises(ArchError) as caught:
        call(*args, **how)
    return str(caught.value).splitlines()
