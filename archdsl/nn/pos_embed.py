"""Positions, added to a map before a stage's blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archdsl.registry import pos_embed


@pos_embed("learned")
class LearnedPositions(nn.Module):
    """A learned map that is added; it starts at zero and belongs to one size."""

    def __init__(self, dim: int, size: tuple[int, int]) -> None:
        super().__init__()
        self.map = nn.Parameter(torch.zeros(1, dim, *size))

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same, for the size that it was made for."""
        return x + self.map
