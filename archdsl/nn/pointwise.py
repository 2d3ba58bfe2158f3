"""The 1x1 convolution of the wide layers."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.nn.recorded import recorded


class Pointwise(nn.Conv2d):
    """A 1x1 convolution, done as a matrix product where few positions meet a large weight.

    A convolution on a CPU brings its weight into a layout of its own, in every pass; below about
    half as many positions as channels that takes longer than it saves.
    """

    def __init__(self, dim_in: int, dim_out: int, *, bias: bool = True) -> None:
        super().__init__(dim_in, dim_out, 1, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim_in, H, W) to (B, dim_out, H, W)."""
        many = recorded() or 2 * x.numel() >= x.shape[1] * max(self.weight.shape)  # positions
        if many or x.device.type != "cpu":
            return super().forward(x)
        tokens = x.permute(0, 2, 3, 1)  # (B, H, W, dim_in), a view of channels-last memory
        return F.linear(tokens, self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)
