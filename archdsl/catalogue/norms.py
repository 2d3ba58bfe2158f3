# Made from archdsl/nn by  make catalogue.  Change it there.
"""Norms of (B, dim, H, W) maps. `none` is the language's own word for no norm."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Positive, PositiveNumber
from archdsl.components.registry import norm
from archdsl.errors import Misfit

@norm('layer_norm')
class LayerNorm(nn.Module):
    """Normalise the channels of each position by themselves.

    eps: added to the variance
    bias: whether there is a learned bias beside the learned weight
    """

    def __init__(self, dim: int, *, eps: PositiveNumber=1e-06, bias: bool=True) -> None:
        ...

@norm('rms_norm')
class RMSNorm(nn.Module):
    """Divide the channels of a position by their root mean square (arXiv 1910.07467).

    eps: added to the mean square
    """

    def __init__(self, dim: int, *, eps: PositiveNumber=1e-06) -> None:
        ...

@norm('group_norm')
class GroupNorm(nn.Module):
    """Normalise groups of channels over all positions of an image (arXiv 1803.08494).

    groups: how many groups; 1 normalises the whole map of an image at once
    eps: added to the variance
    bias: whether there is a learned bias beside the learned weight
    """

    def __init__(self, dim: int, *, groups: Positive=1, eps: PositiveNumber=1e-05, bias: bool=True) -> None:
        ...

    @staticmethod
    def check(dim: int, groups: int) -> Misfit | None:
        """The groups must divide the channels."""
        if dim % groups == 0:
            return None
        return Misfit(f'cannot split into {groups} groups', cure=f'choose groups that divide {dim}, or widths that are multiples of {groups}', about='dim')

@norm('affine')
class Affine(nn.Module):
    """Scale and shift each channel, by no statistics (ResMLP, arXiv 2105.03404)."""

    def __init__(self, dim: int) -> None:
        ...

@norm('batch_norm')
class BatchNorm(nn.BatchNorm2d):
    """Normalise each channel over the batch and its positions (arXiv 1502.03167).

    eps: added to the variance
    momentum: the weight of a new batch in the running statistics
    """

    def __init__(self, dim: int, *, eps: PositiveNumber=1e-05, momentum: PositiveNumber=0.1) -> None:
        ...
