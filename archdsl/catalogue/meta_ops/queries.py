# Made from archdsl/nn by  make catalogue.  Change it there.
"""Query projections of a meta_mixer: what meets the keys."""
from __future__ import annotations
from archdsl.components.component import Component
from archdsl.components.options import Norm, Odd
from archdsl.components.registry import query
from archdsl.errors import Misfit
from archdsl.catalogue.checks import inner_misfit
from archdsl.catalogue.layers import Conv, RepDepthwise

@query('pointwise')
class PointwiseQuery(Conv):
    """Mix the channels of each position.

    norm: after the projection
    bias: whether the projection has a bias
    """

    def __init__(self, dim: int, *, norm: Norm | None=None, bias: bool=False) -> None:
        ...

    @staticmethod
    def check(dim: int, norm: Component | None) -> Misfit | None:
        """The norm fits."""
        return inner_misfit(norm, dim=dim)

@query('depthwise')
class DepthwiseQuery(Conv):
    """Mix the positions of a window, each channel by itself.

    kernel: side of the window
    norm: after the convolution
    bias: where not given, there is one unless the norm is a batch norm
    """

    def __init__(self, dim: int, *, kernel: Odd=3, norm: Norm | None=None, bias: bool | None=None) -> None:
        ...

    @staticmethod
    def check(dim: int, norm: Component | None) -> Misfit | None:
        """The norm fits."""
        return inner_misfit(norm, dim=dim)

@query('rep_depthwise')
class RepDepthwiseQuery(RepDepthwise):
    """Mix the positions of a large and a small window; deployed, one convolution.

    kernel: side of the large window
    small_kernel: side of the small window
    """

    def __init__(self, dim: int, *, kernel: Odd=7, small_kernel: Odd=3) -> None:
        ...

    @staticmethod
    def check(dim: int, kernel: int, small_kernel: int) -> Misfit | None:
        """The small window is smaller."""
        return RepDepthwise.check(dim, dim, kernel, small_kernel)
