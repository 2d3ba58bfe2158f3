"""Activations that torch lacks; its own stand for themselves, in `torch_acts`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

import archdsl.nn.torch_acts  # noqa: F401  (first: defaults of the rest name them)
from archdsl.components.registry import act


@act("squared_relu")
class SquaredReLU(nn.Module):
    """The square of a ReLU (So et al., Primer, arXiv 2109.08668)."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        return torch.relu(x).square()


@act("star_relu")
class StarReLU(nn.Module):
    """scale · relu(x)² + bias, both learned (Yu et al., arXiv 2210.13452).

    scale: where the scale starts; the paper's analysis has 0.8944, its models start from 1
    bias: where the bias starts; the paper's analysis has -0.4472, its models start from 0
    """

    def __init__(self, *, scale: float = 1.0, bias: float = 0.0) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.full((1,), float(scale)))
        self.bias = nn.Parameter(torch.full((1,), float(bias)))

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        return self.scale * torch.relu(x).square() + self.bias


@act("softmax")
class Softmax(nn.Module):
    """Softmax over the last axis: the keys of a meta_mixer's dynamic coefficients."""

    elementwise = False

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        return x.softmax(dim=-1)
