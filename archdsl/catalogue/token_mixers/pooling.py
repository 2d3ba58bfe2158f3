# Made from archdsl/nn by  make catalogue.  Change it there.
"""Pooling as a token mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Odd
from archdsl.components.registry import token_mixer

@token_mixer('pooling')
class Pooling(nn.Module):
    """The mean over a window, minus the input (PoolFormer, arXiv 2111.11418).

    The mean is over the positions of the window that lie inside the map.

    kernel: side of the window
    """

    def __init__(self, *, kernel: Odd=3) -> None:
        ...
