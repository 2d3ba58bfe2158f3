"""A module with a few layers and weights, and the pieces that mixers are written with by hand."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.cost.measure import measure

WHERE = "stages.0.blocks.1.token_mixer"
SHAPE = (8, 6, 6)


class Parts(nn.Module):
    """Its forward is `function(module, x)` for an x of (1, 8, 6, 6)."""

    def __init__(self, function: Callable[[Parts, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.convs = nn.ModuleList(nn.Conv2d(8, 8, 1) for _ in range(8))
        self.fc = nn.Linear(8, 8)
        self.scales = nn.ParameterList(nn.Parameter(torch.ones(8, 1, 1)) for _ in range(9))
        self.sliced = nn.Parameter(torch.ones(8, 8, 1, 1))
        self.numbers = nn.Parameter(torch.ones(3, 3))
        self.filter = nn.Parameter(torch.ones(8, 3, 3))
        self.table = nn.Parameter(torch.ones(8, 6, 6))
        self.register_buffer("inside", torch.ones(6, 6) > 0)

    def forward(self, x: Tensor) -> Tensor:
        return self.function(self, x)


def macs(function: Callable[[Parts, Tensor], Tensor]) -> int:
    """What a module of one function costs. Raises CountError."""
    return measure(lambda: Parts(function), SHAPE, WHERE).macs


def tokens(x: Tensor) -> Tensor:
    """(B, C, H, W) to (B, N, C)."""
    return x.flatten(2).transpose(1, 2)


def queries_and_keys(m: Parts, x: Tensor) -> tuple[Tensor, Tensor]:
    """Two projections of the map, (B, N, C)."""
    return tokens(m.convs[0](x)), tokens(m.convs[1](x))


def rms_norm(x: Tensor, axis: int | tuple[int, ...] = 1) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(axis, keepdim=True) + 1e-6)


def layer_norm(x: Tensor, axis: int | tuple[int, ...] = 1) -> Tensor:
    mean = x.mean(axis, keepdim=True)
    variance = ((x - mean) ** 2).mean(axis, keepdim=True)
    return (x - mean) / torch.sqrt(variance + 1e-6)


def affine_norm(m: Parts, x: Tensor) -> Tensor:
    return layer_norm(x) * m.scales[0] + m.scales[1]


def squeeze_excite(m: Parts, x: Tensor) -> Tensor:
    return x * torch.sigmoid(m.fc(x.mean((2, 3))))[:, :, None, None]


def softmax(x: Tensor, axis: int) -> Tensor:
    weights = (x - x.amax(axis, keepdim=True)).exp()
    return weights / weights.sum(axis, keepdim=True)


def shifted(x: Tensor) -> list[Tensor]:
    """The map as each slot of a 3x3 window sees it, row by row."""
    padded = F.pad(x, (1, 1, 1, 1))
    return [padded[:, :, i : i + 6, j : j + 6] for i in range(3) for j in range(3)]
