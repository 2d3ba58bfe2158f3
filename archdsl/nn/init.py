"""How weights start."""

from __future__ import annotations

from torch import nn


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
            nn.init.zeros_(layer.weight)
            if init == "lecun":
                std = layer.weight[0].numel() ** -0.5 / 0.87962566  # what the cut leaves of std 1
                nn.init.trunc_normal_(layer.weight, std=std, a=-2 * std, b=2 * std)
            elif init == "he":
                fan_out = layer.weight[:, 0].numel() // getattr(layer, "groups", 1)
                nn.init.normal_(layer.weight, std=(2 / fan_out) ** 0.5)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
