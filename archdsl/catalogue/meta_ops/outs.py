# Made from archdsl/nn by  make catalogue.  Change it there.
"""Output projections of a meta_mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.registry import out

@out('pointwise')
class PointwiseOut(nn.Conv2d):
    """Mix the channels of each position.

    bias: whether the projection has a bias
    """

    def __init__(self, dim_in: int, dim: int, *, bias: bool=False) -> None:
        ...
