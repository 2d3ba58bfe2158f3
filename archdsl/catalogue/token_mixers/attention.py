# Made from archdsl/nn by  make catalogue.  Change it there.
"""Self-attention as a token mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import heads_misfit

@token_mixer('attention')
class Attention(nn.Module):
    """Multi-head self-attention over all positions (arXiv 1706.03762).

    head_dim: channels of a head; the number of heads follows from the width
    qkv_bias: whether queries, keys and values have biases
    proj_bias: whether the output projection has one
    """
    sequence = True
    tokens = True

    def __init__(self, dim: int, *, head_dim: Positive=32, qkv_bias: bool=False, proj_bias: bool=False) -> None:
        ...

    @staticmethod
    def check(dim: int, head_dim: int) -> Misfit | None:
        """The heads divide the width."""
        return heads_misfit(dim, head_dim)
