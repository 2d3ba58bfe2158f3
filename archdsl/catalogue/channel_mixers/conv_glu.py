# Made from archdsl/nn by  make catalogue.  Change it there.
"""TransNeXt's gated linear unit with a convolved gate as a channel mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act, Odd
from archdsl.components.registry import channel_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import act_misfit, hidden_misfit

@channel_mixer('conv_glu')
class ConvGLU(nn.Module):
    """A gated linear unit whose gate sees its neighbours (TransNeXt).

    arXiv 2311.17132. Two thirds of the nominal hidden width, int(2/3 · int(ratio · dim)).

    ratio: nominal hidden channels per channel
    kernel: side of the depthwise window on the gate
    act: on the gate, after its convolution
    bias: whether the convolutions have biases
    """

    def __init__(self, dim: int, *, ratio: float=4, kernel: Odd=3, act: Act=nn.GELU, bias: bool=True) -> None:
        ...

    @staticmethod
    def check(dim: int, ratio: float, act: Component) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        return hidden_misfit(2 * int(dim * ratio) // 3, ratio) or act_misfit(act)
