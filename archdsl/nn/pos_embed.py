"""Positions, added to a map before a stage's blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archdsl.components.options import PositiveNumber
from archdsl.components.registry import pos_embed


@pos_embed("learned")
class LearnedPositions(nn.Module):
    """A learned map that is added; it belongs to one size.

    std: of the normal that it starts from; where not given, it starts at zero
    """

    def __init__(
        self, dim: int, size: tuple[int, int], *, std: PositiveNumber | None = None
    ) -> None:
        super().__init__()
        self.map = nn.Parameter(torch.zeros(1, dim, *size))
        if std is not None:
            nn.init.normal_(self.map, std=std)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same, for the size that it was made for."""
        return x + self.map
