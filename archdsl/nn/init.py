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
