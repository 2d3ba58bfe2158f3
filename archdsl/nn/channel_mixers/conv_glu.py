"""TransNeXt's gated linear unit with a convolved gate as a channel mixer."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl.components.component import Component
from archdsl.components.options import Act, Odd
from archdsl.components.registry import channel_mixer
from archdsl.errors import Misfit
from archdsl.nn.checks import act_misfit, hidden_misfit
from archdsl.nn.init import small_normal, start
from archdsl.nn.pointwise import Pointwise


@channel_mixer("conv_glu")
class ConvGLU(nn.Module):
    """A gated linear unit whose gate sees its neighbours (TransNeXt).

    arXiv 2311.17132. Two thirds of the nominal hidden width, int(2/3 · int(ratio · dim)).

    ratio: nominal hidden channels per channel
    kernel: side of the depthwise window on the gate
    act: on the gate, after its convolution
    bias: whether the convolutions have biases
    """

    def __init__(
        self,
        dim: int,
        *,
        ratio: float = 4,
        kernel: Odd = 3,
        act: Act = nn.GELU,
        bias: bool = True,
    ) -> None:
        super().__init__()
        hidden = 2 * int(dim * ratio) // 3
        self.fc1 = Pointwise(dim, 2 * hidden, bias=bias)  # rows: the gate, the value
        self.depthwise = nn.Conv2d(
            hidden, hidden, kernel, padding=kernel // 2, groups=hidden, bias=bias
        )
        self.act = act()
        self.fc2 = Pointwise(hidden, dim, bias=bias)
        small_normal(self.fc1, self.fc2)
        start("he", self.depthwise)

    @staticmethod
    def check(dim: int, ratio: float, act: Component) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        return hidden_misfit(2 * int(dim * ratio) // 3, ratio) or act_misfit(act)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        gate, value = self.fc1(x).chunk(2, dim=1)
        x = self.fc2(self.act(self.depthwise(gate)) * value)
        return x
