"""Query-key interactions of a meta_mixer.

A static key holds its keys as weights and turns the query, a (B, dim, H, W) map, into a map of
coefficients. One that changes the width says so by `out_channels`, as nn.Conv2d does, and to
the checker by a torch-free `dim_out`.
"""

from __future__ import annotations

from torch import Tensor, nn

from archdsl.components.options import Odd, Positive
from archdsl.components.registry import key
from archdsl.errors import Misfit
from archdsl.nn.checks import heads_misfit, hidden_misfit
from archdsl.nn.init import small_normal
from archdsl.nn.layers import RepDepthwise
from archdsl.nn.pointwise import Pointwise


@key("depthwise")
class DepthwiseKey(nn.Conv2d):
    """Static keys, one window per channel: the coefficients tell where it is met.

    kernel: side of the window
    bias: whether the coefficients have a bias
    """

    def __init__(self, dim: int, *, kernel: Odd = 3, bias: bool = True) -> None:
        super().__init__(dim, dim, kernel, padding=kernel // 2, groups=dim, bias=bias)
        small_normal(self)


@key("rep_depthwise")
class RepDepthwiseKey(RepDepthwise):
    """Static keys, a large and a small window per channel; deployed, one window.

    kernel: side of the large window
    small_kernel: side of the small window
    """

    def __init__(self, dim: int, *, kernel: Odd = 7, small_kernel: Odd = 3) -> None:
        super().__init__(dim, dim, kernel=kernel, small_kernel=small_kernel)

    @staticmethod
    def check(dim: int, kernel: int, small_kernel: int) -> Misfit | None:  # type: ignore[override]
        """The small window is smaller."""
        return RepDepthwise.check(dim, dim, kernel, small_kernel)


@key("pointwise")
class PointwiseKey(Pointwise):
    """Static keys over channels: the first layer of an MLP.

    ratio: keys, and so coefficients at each position, per channel
    bias: whether the coefficients have a bias
    """

    def __init__(self, dim: int, *, ratio: float = 4, bias: bool = True) -> None:
        super().__init__(dim, int(dim * ratio), bias=bias)
        small_normal(self)

    @staticmethod
    def check(dim: int, ratio: float) -> Misfit | None:
        """There are keys."""
        return hidden_misfit(int(dim * ratio), ratio)

    @staticmethod
    def dim_out(dim: int, ratio: float) -> int:
        """How many coefficients each position has."""
        return int(dim * ratio)


@key("dynamic")
class DynamicKey(nn.Conv2d):
    """Keys made of the input: dot products of all pairs of positions, head by head.

    head_dim: channels of a head; the number of heads follows from the width
    bias: whether the keys have a bias
    """

    def __init__(self, dim: int, *, head_dim: Positive = 32, bias: bool = False) -> None:
        super().__init__(dim, dim, 1, bias=bias)
        self.head_dim = head_dim
        small_normal(self)

    @staticmethod
    def check(dim: int, head_dim: int) -> Misfit | None:
        """The heads divide the width."""
        return heads_misfit(dim, head_dim)

    def heads(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to (B, heads, H·W, head_dim)."""
        batch, _, height, width = x.shape
        return x.reshape(batch, -1, self.head_dim, height * width).transpose(2, 3)
