"""Swin's way from one stage to the next."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.components.component import Component
from archdsl.components.options import Norm
from archdsl.components.registry import layer
from archdsl.errors import Misfit
from archdsl.nn.checks import norm_misfit
from archdsl.nn.init import small_normal
from archdsl.nn.norms import LayerNorm
from archdsl.nn.recorded import sides


@layer("patch_merge")
class PatchMerge(nn.Module):
    """Each 2x2 patch to one position, by a linear layer (Swin, arXiv 2103.14030).

    A side that is odd is padded with zeros, below or at the right.

    norm: on the four positions of a patch together
    bias: whether the linear layer has a bias
    """

    def __init__(
        self, dim_in: int, dim_out: int, *, norm: Norm | None = LayerNorm, bias: bool = False
    ) -> None:
        super().__init__()
        self.norm = None if norm is None else norm(4 * dim_in)
        self.linear = nn.Linear(4 * dim_in, dim_out, bias=bias)
        small_normal(self.linear)

    @staticmethod
    def check(dim_in: int, norm: Component | None) -> Misfit | None:
        """The norm fits four positions together."""
        return norm_misfit(norm, 4 * dim_in)

    @staticmethod
    def out_size(size: tuple[int, int]) -> tuple[int, int]:
        """Height and width, halved and rounded up."""
        return -(-size[0] // 2), -(-size[1] // 2)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim_in, H, W) to (B, dim_out, *out_size)."""
        height, width = sides(x)
        if height % 2 or width % 2:
            x = F.pad(x, (0, width % 2, 0, height % 2))
        x = torch.unflatten(torch.unflatten(x.permute(0, 2, 3, 1), 2, (-1, 2)), 1, (-1, 2))
        x = x.permute(0, 1, 3, 4, 2, 5).flatten(3)  # of a patch, the left column comes first
        if self.norm is not None:
            x = self.norm(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        x = self.linear(x)
        return x.permute(0, 3, 1, 2)
