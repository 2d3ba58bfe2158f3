"""Pooling as a token mixer."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.components.options import Odd
from archdsl.components.registry import token_mixer


@token_mixer("pooling")
class Pooling(nn.Module):
    """The mean over a window, minus the input (PoolFormer, arXiv 2111.11418).

    The mean is over the positions of the window that lie inside the map.

    kernel: side of the window
    """

    def __init__(self, *, kernel: Odd = 3) -> None:
        super().__init__()
        self.kernel = kernel

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        mean = F.avg_pool2d(
            x, self.kernel, stride=1, padding=self.kernel // 2, count_include_pad=False
        )
        return mean - x
