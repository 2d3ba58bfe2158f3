# Made from archdsl/nn by  make catalogue.  Change it there.
"""TransNeXt's length-scaled cosine attention over all positions."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import heads_misfit
from archdsl.catalogue.position_bias import positions_misfit

@token_mixer('cosine_attention')
class CosineAttention(nn.Module):
    """Cosine attention scaled by the map's length (TransNeXt, arXiv 2311.17132).

    head_dim: channels of a head; the number of heads follows from the width
    bias: whether queries, keys and values have biases
    pretrain_size: side of the images on which distances are measured; none for the input's own
    interpolate_from: side of the images whose position biases are resized; none to compute them
    """

    def __init__(self, dim: int, size: tuple[int, int], reduction: int, *, head_dim: Positive=24, bias: bool=True, pretrain_size: Positive | None=None, interpolate_from: Positive | None=None) -> None:
        ...

    @staticmethod
    def check(dim: int, size: tuple[int, int], reduction: int, input_size: tuple[int, int], total_reduction: int, head_dim: int, pretrain_size: int | None, interpolate_from: int | None) -> Misfit | None:
        """The heads divide the width, and distances can be measured."""
        return heads_misfit(dim, head_dim) or positions_misfit(size, reduction, input_size, total_reduction, pretrain_size, interpolate_from)
