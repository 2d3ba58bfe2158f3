# Made from archdsl/nn by  make catalogue.  Change it there.
"""A depthwise convolution as a token mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Odd
from archdsl.components.registry import token_mixer

@token_mixer('depthwise')
class Depthwise(nn.Module):
    """Convolve each channel by itself.

    kernel: side of the window
    bias: whether the convolution has a bias
    """

    def __init__(self, dim: int, *, kernel: Odd=3, bias: bool=True) -> None:
        ...
