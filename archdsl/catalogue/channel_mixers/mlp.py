# Made from archdsl/nn by  make catalogue.  Change it there.
"""The MLP as a channel mixer."""
from __future__ import annotations
from typing import Literal
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act
from archdsl.components.registry import channel_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import act_misfit, hidden_misfit

@channel_mixer('mlp')
class MLP(nn.Module):
    """Two 1x1 convolutions with an activation between them.

    ratio: hidden channels per channel
    act: between the two convolutions
    bias: whether the convolutions have biases
    init: how they start: from a normal of std 0.02, or of variance 1 / fan-in
    """
    sequence = True

    def __init__(self, dim: int, *, ratio: float=4, act: Act=nn.GELU, bias: bool=True, init: Literal['normal', 'lecun']='normal') -> None:
        ...

    @staticmethod
    def check(dim: int, ratio: float, act: Component) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        return hidden_misfit(int(dim * ratio), ratio) or act_misfit(act)
