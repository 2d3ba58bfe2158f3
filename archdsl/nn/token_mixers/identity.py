"""No mixing at all."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl.components.registry import token_mixer


@token_mixer("identity")
class Identity(nn.Module):
    """The input as it is, after the block's norm (IdentityFormer, arXiv 2210.13452)."""

    sequence = True

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same."""
        return x
