"""The inverted separable convolution of MobileNetV2 as a token mixer."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl.components.component import Component
from archdsl.components.options import Act, Odd
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.nn.acts import StarReLU
from archdsl.nn.checks import act_misfit, hidden_misfit
from archdsl.nn.init import small_normal
from archdsl.nn.pointwise import Pointwise


@token_mixer("sep_conv")
class SepConv(nn.Module):
    """Widen, activate, convolve each channel, narrow (ConvFormer, arXiv 2210.13452).

    kernel: side of the depthwise window
    ratio: hidden channels per channel
    act: after the widening
    bias: whether the three convolutions have biases
    """

    def __init__(
        self,
        dim: int,
        *,
        kernel: Odd = 7,
        ratio: float = 2,
        act: Act = StarReLU,
        bias: bool = False,
    ) -> None:
        super().__init__()
        hidden = int(dim * ratio)
        self.widen = Pointwise(dim, hidden, bias=bias)
        self.act = act()
        self.depthwise = nn.Conv2d(
            hidden, hidden, kernel, padding=kernel // 2, groups=hidden, bias=bias
        )
        self.narrow = Pointwise(hidden, dim, bias=bias)
        small_normal(self.widen, self.depthwise, self.narrow)

    @staticmethod
    def check(dim: int, ratio: float, act: Component) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        return hidden_misfit(int(dim * ratio), ratio) or act_misfit(act)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same."""
        x = self.act(self.widen(x))
        x = self.narrow(self.depthwise(x))
        return x
