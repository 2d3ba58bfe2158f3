"""Fold a batch norm, in eval, into the convolution beside it."""

from __future__ import annotations

from typing import TypeGuard

import torch
from torch import Tensor, nn


def foldable(norm: nn.Module | None) -> TypeGuard[nn.BatchNorm2d]:
    """Whether a norm is a fixed scale and shift per channel in eval."""
    return isinstance(norm, nn.BatchNorm2d) and norm.affine and norm.track_running_stats


@torch.no_grad()
def folded_after(conv: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d:
    """One convolution equal to `norm(conv(x))`."""
    scale, shift = _affine(norm)
    weight = conv.weight * scale.reshape(-1, 1, 1, 1)
    return with_tensors(conv, weight, shift if conv.bias is None else shift + conv.bias * scale)


@torch.no_grad()
def folded_before(norm: nn.BatchNorm2d, conv: nn.Conv2d) -> nn.Conv2d:
    """One convolution equal to `conv(norm(x))`.

    Only without padding: the zeros of a padding are put there after the norm. And only for one
    group of channels.
    """
    assert conv.padding == (0, 0)
    assert conv.groups == 1
    scale, shift = _affine(norm)
    bias = conv.weight.sum(dim=(2, 3)) @ shift
    weight = conv.weight * scale.reshape(1, -1, 1, 1)
    return with_tensors(conv, weight, bias if conv.bias is None else bias + conv.bias)


def with_tensors(conv: nn.Conv2d, weight: Tensor, bias: Tensor) -> nn.Conv2d:
    """A plain convolution like `conv`, kernel included, with another weight and bias."""
    with torch.device("meta"):  # nothing to initialise
        made = nn.Conv2d(
            conv.in_channels,
            conv.out_channels,
            conv.kernel_size,  # type: ignore[arg-type]
            conv.stride,  # type: ignore[arg-type]
            conv.padding,  # type: ignore[arg-type]
            groups=conv.groups,
        )
    made.weight = nn.Parameter(weight.detach())
    made.bias = nn.Parameter(bias.detach())
    return made.train(conv.training)


def _affine(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    """The norm in eval as scale · x + shift."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale
