"""Linear layers over positions as a token mixer."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

from archdsl.components.component import Component
from archdsl.components.options import Act
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.nn.checks import act_misfit, hidden_misfit
from archdsl.nn.init import start


@token_mixer("spatial_mlp")
class SpatialMLP(nn.Module):
    """An MLP, or one linear layer, over positions, the same for all channels.

    With a ratio it is MLP-Mixer's token mixing (arXiv 2105.01601), whose hidden width follows
    the channels and not the positions; with `ratio: none` it is one linear layer, as in ResMLP
    (arXiv 2105.03404) and, with `bias: false`, in PoolFormer's ablation. It belongs to one size
    of the map.

    ratio: hidden width per channel, or none for a single linear layer
    act: between the two linear layers; a single one has none
    bias: whether the linear layers have biases
    init: how they start: from a normal of std 0.02, or of variance 1 / fan-in
    """

    sequence = True
    tokens = True

    def __init__(
        self,
        dim: int,
        size: tuple[int, int],
        *,
        ratio: float | None = 0.5,
        act: Act | None = nn.GELU,
        bias: bool = True,
        init: Literal["normal", "lecun"] = "normal",
    ) -> None:
        super().__init__()
        positions = size[0] * size[1]
        hidden = positions if ratio is None else int(dim * ratio)
        self.fc1 = nn.Linear(positions, hidden, bias=bias)
        start(init, self.fc1)
        self.act = None
        self.fc2 = None
        if ratio is not None:
            self.act = None if act is None else act()
            self.fc2 = nn.Linear(hidden, positions, bias=bias)
            start(init, self.fc2)

    @staticmethod
    def check(dim: int, ratio: float | None, act: Component | None) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        if ratio is not None:
            return hidden_misfit(int(dim * ratio), ratio) or act_misfit(act)
        if act is not None and act.type != "gelu":  # gelu is what stands there by default
            return Misfit(
                f"has no hidden layer for {act.type} with  ratio: none",
                cure="drop act, or choose a ratio",
            )
        return None

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) to the same, for the N that it was made for."""
        x = self.fc1(x.transpose(1, 2))  # (B, dim, hidden)
        if self.act is not None:
            x = self.act(x)
        if self.fc2 is not None:
            x = self.fc2(x)
        return x.transpose(1, 2).contiguous()  # the memory that the other branch has
