"""A mixer beside a spec, as `imports: [./mixers.py]` brings it in."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl import Odd, token_mixer


@token_mixer("shift_conv")
class ShiftConv(nn.Module):
    """Mix positions with a depthwise convolution.

    kernel: side of the depthwise window
    """

    def __init__(self, dim: int, *, kernel: Odd = 3) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.conv(x)
        return out
