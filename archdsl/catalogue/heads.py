# Made from archdsl/nn by  make catalogue.  Change it there.
"""Heads: from the last map to the logits."""
from __future__ import annotations
from functools import partial
from typing import Literal
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act, Fraction, Norm
from archdsl.components.registry import head
from archdsl.errors import Misfit
from archdsl.catalogue.acts import SquaredReLU
from archdsl.catalogue.checks import act_misfit, hidden_misfit, inner_misfit, norm_misfit
from archdsl.catalogue.norms import LayerNorm
_LAYER_NORM = partial(LayerNorm, eps=1e-05)

@head('linear')
class LinearHead(nn.Module):
    """Norm, pool, norm, one linear layer; with 0 classes the pooled features.

    norm: on the map
    pool: the mean over positions, or the class token
    pool_norm: on the pooled features
    dropout: rate before the linear layer
    init: how the linear layer starts: from a normal of std 0.02, or at zero
    """

    def __init__(self, dim: int, classes: int, *, norm: Norm | None=None, pool: Literal['mean', 'token']='mean', pool_norm: Norm | None=None, dropout: Fraction=0.0, init: Literal['normal', 'zero']='normal') -> None:
        ...

    @staticmethod
    def check(dim: int, size: tuple[int, int], norm: Component | None, pool: str, pool_norm: Component | None) -> Misfit | None:
        """The norms fit, and there is a class token where one is read."""
        return inner_misfit(norm, dim=dim) or inner_misfit(pool_norm, dim=dim) or no_token(pool, size)

@head('mlp')
class MLPHead(nn.Module):
    """Norm, pool, norm, and an MLP (ConvFormer and CAFormer, arXiv 2210.13452).

    norm: on the map
    pool: the mean over positions, or the class token
    pool_norm: on the pooled features
    ratio: hidden features per channel
    act: between the two linear layers
    hidden_norm: after the activation
    dropout: rate before the last linear layer
    """

    def __init__(self, dim: int, classes: int, *, norm: Norm | None=None, pool: Literal['mean', 'token']='mean', pool_norm: Norm | None=None, ratio: float=4, act: Act=SquaredReLU, hidden_norm: Norm | None=_LAYER_NORM, dropout: Fraction=0.0) -> None:
        ...

    @staticmethod
    def check(dim: int, size: tuple[int, int], classes: int, norm: Component | None, pool: str, pool_norm: Component | None, ratio: float, act: Component, hidden_norm: Component | None) -> Misfit | None:
        """There are classes and hidden features; the norms and the activation fit."""
        if classes == 0:
            return Misfit('needs classes to tell apart', cure='for features choose  head: linear')
        return hidden_misfit(int(dim * ratio), ratio) or act_misfit(act) or inner_misfit(norm, dim=dim) or inner_misfit(pool_norm, dim=dim) or norm_misfit(hidden_norm, int(dim * ratio)) or no_token(pool, size)

def no_token(pool: str, size: tuple[int, int]) -> Misfit | None:
    """Why the class token cannot be read: with one, a map is a single column of positions."""
    if pool == 'mean' or size[1] == 1:
        return None
    return Misfit('reads the class token, and there is none', cure='write  class_token: true, or  pool: mean')
