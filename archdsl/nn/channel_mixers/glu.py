"""The gated linear unit as a channel mixer."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl.components.component import Component
from archdsl.components.options import Act
from archdsl.components.registry import channel_mixer
from archdsl.errors import Misfit
from archdsl.nn.checks import act_misfit, hidden_misfit
from archdsl.nn.init import small_normal
from archdsl.nn.pointwise import Pointwise


@channel_mixer("glu")
class GLU(nn.Module):
    """An MLP whose hidden channels are gated by as many others (arXiv 2002.05202).

    Two thirds of the nominal hidden width, int(2/3 · int(ratio · dim)), so that it costs what
    an MLP of the same ratio costs.

    ratio: nominal hidden channels per channel
    act: on the gate
    bias: whether the convolutions have biases
    """

    sequence = True

    def __init__(
        self, dim: int, *, ratio: float = 4, act: Act = nn.GELU, bias: bool = True
    ) -> None:
        super().__init__()
        hidden = 2 * int(dim * ratio) // 3
        self.fc1 = Pointwise(dim, 2 * hidden, bias=bias)  # rows: the gate, the value
        self.act = act()
        self.fc2 = Pointwise(hidden, dim, bias=bias)
        small_normal(self.fc1, self.fc2)

    @staticmethod
    def check(dim: int, ratio: float, act: Component) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        return hidden_misfit(2 * int(dim * ratio) // 3, ratio) or act_misfit(act)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        gate, value = self.fc1(x).chunk(2, dim=1)
        x = self.fc2(self.act(gate) * value)
        return x
