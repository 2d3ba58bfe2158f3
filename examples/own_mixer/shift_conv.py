"""A token mixer of one's own: an ordinary module, registered under a name.

Positional parameters are what the compiler knows, keyword-only parameters are what a spec may
say. `archdsl list token_mixer` would print the first line below, and the help of each option.
"""

from typing import Literal

import torch
from torch import nn

from archdsl import Act, Odd, token_mixer

SHIFTS = {
    "cross": ((0, 1), (0, -1), (1, 0), (-1, 0)),
    "diagonal": ((1, 1), (1, -1), (-1, 1), (-1, -1)),
}


@token_mixer("shift_conv")
class ShiftConv(nn.Module):
    """Shift channel groups, then mix them with a depthwise convolution.

    kernel: side of the depthwise window
    mode: which way the groups move
    act: what follows the convolution
    """

    def __init__(
        self,
        dim: int,
        *,
        kernel: Odd = 3,
        mode: Literal["cross", "diagonal"] = "cross",
        act: Act = nn.GELU,
    ) -> None:
        super().__init__()
        self.shifts = SHIFTS[mode]
        self.conv = nn.Conv2d(dim, dim, kernel, padding=kernel // 2, groups=dim)
        self.act = act()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, dim, H, W) to the same."""
        groups = x.chunk(len(self.shifts), dim=1)
        moved = [
            torch.roll(group, shift, dims=(2, 3))
            for group, shift in zip(groups, self.shifts, strict=False)
        ]
        return self.act(self.conv(torch.cat(moved, dim=1)))
