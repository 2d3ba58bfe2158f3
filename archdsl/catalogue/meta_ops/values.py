# Made from archdsl/nn by  make catalogue.  Change it there.
"""Coefficient-value interactions of a meta_mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Odd
from archdsl.components.registry import value
from archdsl.errors import Misfit
from archdsl.catalogue.layers import RepDepthwise
from archdsl.catalogue.pointwise import Pointwise
from archdsl.catalogue.token_mixers.pooling import Pooling

@value('depthwise')
class DepthwiseValue(nn.Conv2d):
    """Static values, one window per channel, spread around each coefficient's place.

    kernel: side of the window
    bias: whether the values have a bias
    """

    def __init__(self, dim_in: int, dim: int, *, kernel: Odd=3, bias: bool=True) -> None:
        ...

    @staticmethod
    def dim_out(dim_in: int) -> int:
        """The width stays that of the coefficients."""
        return dim_in

@value('rep_depthwise')
class RepDepthwiseValue(RepDepthwise):
    """Static values, a large and a small window per channel; deployed, one window.

    kernel: side of the large window
    small_kernel: side of the small window
    """

    def __init__(self, dim_in: int, dim: int, *, kernel: Odd=7, small_kernel: Odd=3) -> None:
        ...

    @staticmethod
    def check(dim: int, kernel: int, small_kernel: int) -> Misfit | None:
        """The small window is smaller."""
        return RepDepthwise.check(dim, dim, kernel, small_kernel)

    @staticmethod
    def dim_out(dim_in: int) -> int:
        """The width stays that of the coefficients."""
        return dim_in

@value('pointwise')
class PointwiseValue(Pointwise):
    """Static values over channels: the second layer of an MLP.

    bias: whether the values have a bias
    """

    def __init__(self, dim_in: int, dim: int, *, bias: bool=True) -> None:
        ...

@value('pooling')
class PoolingValue(Pooling):
    """The mean of the coefficients over a window, minus the coefficient itself.

    kernel: side of the window
    """

    def __init__(self, dim_in: int, dim: int, *, kernel: Odd=3) -> None:
        ...

    @staticmethod
    def dim_out(dim_in: int) -> int:
        """The width stays that of the coefficients."""
        return dim_in

@value('dynamic')
class DynamicValue(nn.Conv2d):
    """Values made of the input, summed over positions by dynamic coefficients.

    bias: whether the values have a bias
    """

    def __init__(self, dim_in: int, dim: int, *, bias: bool=False) -> None:
        ...
