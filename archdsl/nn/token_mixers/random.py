"""Random mixing as a token mixer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from archdsl.components.registry import token_mixer


@token_mixer("random")
class RandomMixing(nn.Module):
    """Mix positions by a random matrix that is never trained (RandFormer).

    Its rows are the softmax of uniform numbers (arXiv 2210.13452). It belongs to one size of the
    map.
    """

    sequence = True
    tokens = True

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__()
        positions = size[0] * size[1]
        matrix = torch.rand(positions, positions).softmax(dim=-1)
        self.matrix = nn.Parameter(matrix, requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) to the same, for the N that it was made for."""
        return torch.matmul(self.matrix, x)
