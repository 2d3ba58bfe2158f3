# Made from archdsl/nn by  make catalogue.  Change it there.
"""Linear layers over positions as a token mixer."""
from __future__ import annotations
from typing import Literal
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import act_misfit, hidden_misfit

@token_mixer('spatial_mlp')
class SpatialMLP(nn.Module):
    """An MLP, or one linear layer, over positions, the same for all channels.

    With a ratio it is MLP-Mixer's token mixing (arXiv 2105.01601), whose hidden width follows
    the channels and not the positions; with `ratio: none` it is one linear layer, as in ResMLP
    (arXiv 2105.03404) and, with `bias: false`, in PoolFormer's ablation. It belongs to one size
    of the map.

    ratio: hidden width per channel, or none for a single linear layer
    act: between the two linear layers; a single one has none
    bias: whether the linear layers have biases
    init: how they start: from a normal of std 0.02, or of variance 1 / fan-in
    """
    sequence = True
    tokens = True

    def __init__(self, dim: int, size: tuple[int, int], *, ratio: float | None=0.5, act: Act | None=nn.GELU, bias: bool=True, init: Literal['normal', 'lecun']='normal') -> None:
        ...

    @staticmethod
    def check(dim: int, ratio: float | None, act: Component | None) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        if ratio is not None:
            return hidden_misfit(int(dim * ratio), ratio) or act_misfit(act)
        if act is not None and act.type != 'gelu':
            return Misfit(f'has no hidden layer for {act.type} with  ratio: none', cure='drop act, or choose a ratio')
        return None
