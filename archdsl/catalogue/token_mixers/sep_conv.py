# Made from archdsl/nn by  make catalogue.  Change it there.
"""The inverted separable convolution of MobileNetV2 as a token mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act, Odd
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.acts import StarReLU
from archdsl.catalogue.checks import act_misfit, hidden_misfit

@token_mixer('sep_conv')
class SepConv(nn.Module):
    """Widen, activate, convolve each channel, narrow (ConvFormer, arXiv 2210.13452).

    kernel: side of the depthwise window
    ratio: hidden channels per channel
    act: after the widening
    bias: whether the three convolutions have biases
    """

    def __init__(self, dim: int, *, kernel: Odd=7, ratio: float=2, act: Act=StarReLU, bias: bool=False) -> None:
        ...

    @staticmethod
    def check(dim: int, ratio: float, act: Component) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        return hidden_misfit(int(dim * ratio), ratio) or act_misfit(act)
