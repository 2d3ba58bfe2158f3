"""How weights start."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn


def small_normal(*layers: nn.Conv2d | nn.Linear) -> None:
    """Weights from a normal of std 0.02, biases zero.

    The published models cut that normal at ±2, a hundred standard deviations: no cut at all.
    """
    for layer in layers:
        nn.init.normal_(layer.weight, std=0.02)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def start(init: str, *layers: nn.Conv2d | nn.Linear) -> None:
    """Start layers as one of the words for it says; biases are zero, except torch's own.

    torch: as torch starts them
    normal: from a normal of std 0.02
    lecun: from a normal of variance 1 / fan-in, cut at two standard deviations (flax's default)
    he: from a normal of variance 2 / fan-out (arXiv 1502.01852)
    zero: at zero
    """
    if init == "normal":
        small_normal(*layers)
    elif init != "torch":
        for layer in layers:
            if init == "zero":
                nn.init.zeros_(layer.weight)
            elif init == "lecun":
                _cut_normal(layer.weight, layer.weight[0].numel() ** -0.5 / 0.87962566)
            elif init == "he":
                fan_out = layer.weight[:, 0].numel() // getattr(layer, "groups", 1)
                nn.init.normal_(layer.weight, std=(2 / fan_out) ** 0.5)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


@torch.no_grad()
def _cut_normal(weight: Tensor, std: float) -> None:
    """From a normal cut at two of its standard deviations, which leaves it 0.87962566 of them.

    By the inverse of its distribution: torch's own trunc_normal_ draws again and again, and takes
    twenty times as long.
    """
    bound = math.erf(2**0.5)
    nn.init.uniform_(weight, -bound, bound).erfinv_().mul_(2**0.5 * std)
