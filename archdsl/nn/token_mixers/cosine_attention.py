"""TransNeXt's length-scaled cosine attention over all positions."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.components.options import Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.nn.cached import cached
from archdsl.nn.checks import heads_misfit
from archdsl.nn.init import small_normal
from archdsl.nn.position_bias import TEMPERATURE, PositionBias, Size, positions_misfit
from archdsl.nn.recorded import sides, unbound
from archdsl.nn.unit import typed, unit


@token_mixer("cosine_attention")
class CosineAttention(nn.Module):
    """Cosine attention scaled by the map's length (TransNeXt, arXiv 2311.17132).

    head_dim: channels of a head; the number of heads follows from the width
    bias: whether queries, keys and values have biases
    pretrain_size: side of the images on which distances are measured; none for the input's own
    interpolate_from: side of the images whose position biases are resized; none to compute them
    """

    def __init__(
        self,
        dim: int,
        size: tuple[int, int],
        reduction: int,
        *,
        head_dim: Positive = 24,
        bias: bool = True,
        pretrain_size: Positive | None = None,
        interpolate_from: Positive | None = None,
    ) -> None:
        super().__init__()
        heads = dim // head_dim
        self.head_dim = head_dim
        self.qkv = nn.Linear(dim, 3 * dim, bias=bias)  # rows: queries, keys, values
        self.proj = nn.Linear(dim, dim)
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), TEMPERATURE))
        self.query_embedding = nn.Parameter(torch.empty(heads, 1, head_dim))
        self.position_bias = PositionBias(
            heads, size, reduction, pretrain_size=pretrain_size, interpolate_from=interpolate_from
        )
        small_normal(self.qkv, self.proj)
        nn.init.normal_(self.query_embedding, std=0.02)

    @staticmethod
    def check(
        dim: int,
        size: tuple[int, int],
        reduction: int,
        input_size: tuple[int, int],
        total_reduction: int,
        head_dim: int,
        pretrain_size: int | None,
        interpolate_from: int | None,
    ) -> Misfit | None:
        """The heads divide the width, and distances can be measured."""
        return heads_misfit(dim, head_dim) or positions_misfit(
            size, reduction, input_size, total_reduction, pretrain_size, interpolate_from
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same, for any H and W."""
        size = sides(x)
        x = x.permute(0, 2, 3, 1).flatten(1, 2)  # (B, N, dim)
        qkv = self.qkv(x).unflatten(2, (3, -1, self.head_dim))
        query, key, value = unbound(qkv.permute(2, 0, 3, 1, 4), 0)  # (B, heads, N, head_dim) each
        scale = F.softplus(self.temperature) * math.log(math.prod(size))
        query = (unit(query) + self.query_embedding) * scale
        mixed = F.scaled_dot_product_attention(
            typed(query, value.dtype),
            typed(unit(key), value.dtype),
            value,
            attn_mask=typed(self._bias(size), value.dtype),
            scale=1.0,
        )
        y = self.proj(mixed.transpose(1, 2).flatten(2))
        return torch.unflatten(y.transpose(1, 2), 2, size)

    def _bias(self, size: Size) -> Tensor:
        """(heads, N, N): from parameters and the size alone."""
        own = tuple(self.position_bias.parameters())
        return cached(self, size, own, lambda: self.position_bias.between(size, _same))


def _same(size: Size) -> Size:
    return size
