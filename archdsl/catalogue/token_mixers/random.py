# Made from archdsl/nn by  make catalogue.  Change it there.
"""Random mixing as a token mixer."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.registry import token_mixer

@token_mixer('random')
class RandomMixing(nn.Module):
    """Mix positions by a random matrix that is never trained (RandFormer).

    Its rows are the softmax of uniform numbers (arXiv 2210.13452). It belongs to one size of the
    map.
    """
    sequence = True
    tokens = True

    def __init__(self, size: tuple[int, int]) -> None:
        ...
