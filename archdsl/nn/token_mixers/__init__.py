"""Components that mix positions. Importing this fills the registry with them."""

from __future__ import annotations

from archdsl.nn.token_mixers import (
    attention,
    depthwise,
    identity,
    pooling,
    random,
    sep_conv,
    spatial_mlp,
)

__all__ = [
    "attention",
    "depthwise",
    "identity",
    "pooling",
    "random",
    "sep_conv",
    "spatial_mlp",
]
