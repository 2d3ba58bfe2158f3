"""Components that mix channels. Importing this fills the registry with them."""

from __future__ import annotations

from archdsl.nn.channel_mixers import conv_glu, glu, mlp

__all__ = ["conv_glu", "glu", "mlp"]
