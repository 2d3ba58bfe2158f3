"""Fold a batch norm, in eval, into the convolution after it.

For the convolution before it torch has `fuse_conv_bn_eval`.
"""

from __future__ import annotations

import copy
from typing import TypeGuard

import torch
from torch import Tensor, nn


def foldable(norm: nn.Module | None) -> TypeGuard[nn.BatchNorm2d]:
    """Whether a norm is a fixed scale and shift per channel in eval."""
    return isinstance(norm, nn.BatchNorm2d) and norm.affine and norm.track_running_stats


@torch.no_grad()
def folded_before(norm: nn.BatchNorm2d, conv: nn.Conv2d) -> nn.Conv2d:
    """One convolution equal to `conv(norm(x))`.

    Only without padding: the zeros of a padding are put there after the norm. And only for one
    group of channels.
    """
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    shift = norm.bias - norm.running_mean * scale
    bias = conv.weight.sum(dim=(2, 3)) @ shift
    weight = conv.weight * scale.reshape(1, -1, 1, 1)
    return with_tensors(conv, weight, bias if conv.bias is None else bias + conv.bias)


def with_tensors(conv: nn.Conv2d, weight: Tensor, bias: Tensor) -> nn.Conv2d:
    """A convolution like `conv`, kernel included, with another weight and bias."""
    made = copy.deepcopy(conv)
    made.weight, made.bias = nn.Parameter(weight), nn.Parameter(bias)
    return made
