"""A mixer that asks for what the compiler does not know."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl import Odd, token_mixer


@token_mixer("shift_conv")
class ShiftConv(nn.Module):
    """Mix positions with a depthwise convolution.

    kernel: side of the depthwise window
    """

    def __init__(self, width: int, *, kernel: Odd = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return out
