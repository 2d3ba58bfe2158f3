"""A layer of one's own that changes its map: `out_size` says how, and is asked before torch is."""

import torch
from torch import nn

from archdsl import Norm, Positive, layer
from archdsl.errors import Misfit


@layer("focus")
class Focus(nn.Module):
    """Move each window of positions into channels, then mix those (space to depth).

    side: of the window
    norm: after it
    """

    def __init__(
        self, dim_in: int, dim_out: int, *, side: Positive = 2, norm: Norm | None = None
    ) -> None:
        super().__init__()
        self.unshuffle = nn.PixelUnshuffle(side)
        self.mix = nn.Conv2d(dim_in * side**2, dim_out, 1)
        self.norm = nn.Identity() if norm is None else norm(dim_out)

    @staticmethod
    def out_size(size: tuple[int, int], side: int) -> tuple[int, int]:
        """Height and width after it."""
        return size[0] // side, size[1] // side

    @staticmethod
    def check(size: tuple[int, int], side: int) -> Misfit | None:
        """The windows cover the map."""
        if size[0] % side == size[1] % side == 0:
            return None
        return Misfit(
            f"cannot cut a map of {size[0]}x{size[1]} into windows of {side}",
            cure="choose a side that divides both",
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, dim_in, H, W) to (B, dim_out, H / side, W / side)."""
        return self.norm(self.mix(self.unshuffle(x)))
