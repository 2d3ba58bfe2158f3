"""Components that mix positions. Importing this fills the registry with them."""

from __future__ import annotations

from archdsl.nn.token_mixers import (
    aggregated_attention,
    attention,
    cosine_attention,
    depthwise,
    identity,
    pooling,
    random,
    sep_conv,
    spatial_mlp,
    window_attention,
)

__all__ = [
    "aggregated_attention",
    "attention",
    "cosine_attention",
    "depthwise",
    "identity",
    "pooling",
    "random",
    "sep_conv",
    "spatial_mlp",
    "window_attention",
]
