# Made from archdsl/nn by  make catalogue.  Change it there.
"""Query-key interactions of a meta_mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Odd, Positive
from archdsl.components.registry import key
from archdsl.errors import Misfit
from archdsl.catalogue.checks import heads_misfit, hidden_misfit
from archdsl.catalogue.layers import RepDepthwise
from archdsl.catalogue.pointwise import Pointwise

@key('depthwise')
class DepthwiseKey(nn.Conv2d):
    """Static keys, one window per channel: the coefficients tell where it is met.

    kernel: side of the window
    bias: whether the coefficients have a bias
    """

    def __init__(self, dim: int, *, kernel: Odd=3, bias: bool=True) -> None:
        ...

@key('rep_depthwise')
class RepDepthwiseKey(RepDepthwise):
    """Static keys, a large and a small window per channel; deployed, one window.

    kernel: side of the large window
    small_kernel: side of the small window
    """

    def __init__(self, dim: int, *, kernel: Odd=7, small_kernel: Odd=3) -> None:
        ...

    @staticmethod
    def check(dim: int, kernel: int, small_kernel: int) -> Misfit | None:
        """The small window is smaller."""
        return RepDepthwise.check(dim, dim, kernel, small_kernel)

@key('pointwise')
class PointwiseKey(Pointwise):
    """Static keys over channels: the first layer of an MLP.

    ratio: keys, and so coefficients at each position, per channel
    bias: whether the coefficients have a bias
    """

    def __init__(self, dim: int, *, ratio: float=4, bias: bool=True) -> None:
        ...

    @staticmethod
    def check(dim: int, ratio: float) -> Misfit | None:
        """There are keys."""
        return hidden_misfit(int(dim * ratio), ratio)

    @staticmethod
    def dim_out(dim: int, ratio: float) -> int:
        """How many coefficients each position has."""
        return int(dim * ratio)

@key('dynamic')
class DynamicKey(nn.Conv2d):
    """Keys made of the input: dot products of all pairs of positions, head by head.

    head_dim: channels of a head; the number of heads follows from the width
    bias: whether the keys have a bias
    """

    def __init__(self, dim: int, *, head_dim: Positive=32, bias: bool=False) -> None:
        ...

    @staticmethod
    def check(dim: int, head_dim: int) -> Misfit | None:
        """The heads divide the width."""
        return heads_misfit(dim, head_dim)
