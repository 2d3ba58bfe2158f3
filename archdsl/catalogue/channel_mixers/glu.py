# Made from archdsl/nn by  make catalogue.  Change it there.
"""The gated linear unit as a channel mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.component import Component
from archdsl.components.options import Act
from archdsl.components.registry import channel_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import act_misfit, hidden_misfit

@channel_mixer('glu')
class GLU(nn.Module):
    """An MLP whose hidden channels are gated by as many others (arXiv 2002.05202).

    Two thirds of the nominal hidden width, int(2/3 · int(ratio · dim)), so that it costs what
    an MLP of the same ratio costs.

    ratio: nominal hidden channels per channel
    act: on the gate
    bias: whether the convolutions have biases
    """
    sequence = True

    def __init__(self, dim: int, *, ratio: float=4, act: Act=nn.GELU, bias: bool=True) -> None:
        ...

    @staticmethod
    def check(dim: int, ratio: float, act: Component) -> Misfit | None:
        """There are hidden channels, and each is activated by itself."""
        return hidden_misfit(2 * int(dim * ratio) // 3, ratio) or act_misfit(act)
