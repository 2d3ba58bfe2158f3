"""The vocabulary: ordinary torch modules. Importing this fills the registry with them."""

from __future__ import annotations

from archdsl.nn import (
    acts,
    channel_mixers,
    heads,
    layers,
    meta_mixer,
    meta_ops,
    norms,
    patch_merge,
    pos_embed,
    token_mixers,
)

__all__ = [
    "acts",
    "channel_mixers",
    "heads",
    "layers",
    "meta_mixer",
    "meta_ops",
    "norms",
    "patch_merge",
    "pos_embed",
    "token_mixers",
]
