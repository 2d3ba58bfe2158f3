"""A depthwise convolution as a token mixer."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl.components.options import Odd
from archdsl.components.registry import token_mixer
from archdsl.nn.init import small_normal


@token_mixer("depthwise")
class Depthwise(nn.Module):
    """Convolve each channel by itself.

    kernel: side of the window
    bias: whether the convolution has a bias
    """

    def __init__(self, dim: int, *, kernel: Odd = 3, bias: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim, bias=bias)
        small_normal(self.conv)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        x = self.conv(x)
        return x
