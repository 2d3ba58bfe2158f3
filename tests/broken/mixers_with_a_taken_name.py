"""A second mixer under the name of the first."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl import token_mixer


@token_mixer("shift_conv")
class AnotherShiftConv(nn.Module):
    """Mix nothing."""

    def __init__(self, dim: int) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        return x
