# Made from archdsl/nn by  make catalogue.  Change it there.
"""TransNeXt's aggregated attention: to a window around each position and to the pooled map."""
from __future__ import annotations
from archdsl.catalogue.torch_names import nn
from archdsl.components.options import Odd, Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.catalogue.checks import heads_misfit
from archdsl.catalogue.position_bias import positions_misfit

@token_mixer('aggregated_attention')
class AggregatedAttention(nn.Module):
    """Cosine attention to a window and the pooled map (TransNeXt, arXiv 2311.17132).

    One softmax goes over the positions of the window that lie inside the map and over all pooled
    ones. To the window's coefficients, learned tokens then add what they find in the query.

    The window is read through shifted views of the padded map: nothing is unfolded.

    head_dim: channels of a head; the number of heads follows from the width
    window: side of the window around each position
    pool: positions that become one pooled position, along each side
    pool_size: side of the pooled map; none for the map's own divided by `pool`
    bias: whether queries, keys and values have biases
    pretrain_size: side of the images on which distances are measured; none for the input's own
    interpolate_from: side of the images whose position biases are resized; none to compute them
    """

    def __init__(self, dim: int, size: tuple[int, int], reduction: int, *, head_dim: Positive=24, window: Odd=3, pool: Positive=2, pool_size: Positive | None=None, bias: bool=True, pretrain_size: Positive | None=None, interpolate_from: Positive | None=None) -> None:
        ...

    @staticmethod
    def check(dim: int, size: tuple[int, int], reduction: int, input_size: tuple[int, int], total_reduction: int, head_dim: int, pool_size: int | None, pretrain_size: int | None, interpolate_from: int | None) -> Misfit | None:
        """The heads divide the width, the pooled map is smaller, distances can be measured."""
        if pool_size is not None and pool_size >= min(size):
            return Misfit(f'pools a map of {size[0]}x{size[1]} to {pool_size}x{pool_size}, which is not less', cure=f'choose a pool_size below {min(size)}')
        return heads_misfit(dim, head_dim) or positions_misfit(size, reduction, input_size, total_reduction, pretrain_size, interpolate_from)
