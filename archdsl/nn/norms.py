"""Norms of (B, dim, H, W) maps. `none` is the language's own word for no norm."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.components.options import Positive, PositiveNumber
from archdsl.components.registry import norm
from archdsl.errors import Misfit


@norm("layer_norm")
class LayerNorm(nn.Module):
    """Normalise the channels of each position by themselves.

    eps: added to the variance
    bias: whether there is a learned bias beside the learned weight
    """

    def __init__(self, dim: int, *, eps: PositiveNumber = 1e-6, bias: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        x = x.permute(0, 2, 3, 1)  # (B, H, W, dim), a view of channels-last memory
        x = F.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)
        return x.permute(0, 3, 1, 2)


@norm("rms_norm")
class RMSNorm(nn.Module):
    """Divide the channels of a position by their root mean square (arXiv 1910.07467).

    eps: added to the mean square
    """

    def __init__(self, dim: int, *, eps: PositiveNumber = 1e-6) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        x = x.permute(0, 2, 3, 1)  # (B, H, W, dim), a view of channels-last memory
        x = F.rms_norm(x, self.weight.shape, self.weight, self.eps)
        return x.permute(0, 3, 1, 2)


@norm("group_norm")
class GroupNorm(nn.Module):
    """Normalise groups of channels over all positions of an image (arXiv 1803.08494).

    groups: how many groups; 1 normalises the whole map of an image at once
    eps: added to the variance
    bias: whether there is a learned bias beside the learned weight
    """

    def __init__(
        self, dim: int, *, groups: Positive = 1, eps: PositiveNumber = 1e-5, bias: bool = True
    ) -> None:
        super().__init__()
        self.groups = groups
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim)) if bias else None

    @staticmethod
    def check(dim: int, groups: int) -> Misfit | None:
        """The groups must divide the channels."""
        if dim % groups == 0:
            return None
        return Misfit(
            f"cannot split into {groups} groups",
            cure=f"choose groups that divide {dim}, or widths that are multiples of {groups}",
            about="dim",
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        return F.group_norm(x, self.groups, self.weight, self.bias, self.eps)


@norm("affine")
class Affine(nn.Module):
    """Scale and shift each channel, by no statistics (ResMLP, arXiv 2105.03404)."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))
        self.bias = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        return torch.addcmul(self.bias[:, None, None], self.weight[:, None, None], x)


@norm("batch_norm")
class BatchNorm(nn.BatchNorm2d):
    """Normalise each channel over the batch and its positions (arXiv 1502.03167).

    eps: added to the variance
    momentum: the weight of a new batch in the running statistics
    """

    def __init__(
        self, dim: int, *, eps: PositiveNumber = 1e-5, momentum: PositiveNumber = 0.1
    ) -> None:
        super().__init__(dim, eps, momentum)
