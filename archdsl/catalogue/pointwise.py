# Made from archdsl/nn by  make catalogue.  Change it there.
"""The 1x1 convolution of the wide layers."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn

class Pointwise(nn.Conv2d):
    """A 1x1 convolution, done as a matrix product where few positions meet a large weight.

    A convolution on a CPU brings its weight into a layout of its own, in every pass; below about
    half as many positions as channels that takes longer than it saves.
    """

    def __init__(self, dim_in: int, dim_out: int, *, bias: bool=True) -> None:
        ...
