"""Output projections of a meta_mixer."""

from __future__ import annotations

from torch import nn

from archdsl.components.registry import out
from archdsl.nn.init import small_normal


@out("pointwise")
class PointwiseOut(nn.Conv2d):
    """Mix the channels of each position.

    bias: whether the projection has a bias
    """

    def __init__(self, dim_in: int, dim: int, *, bias: bool = False) -> None:
        super().__init__(dim_in, dim, 1, bias=bias)
        small_normal(self)
