"""TransNeXt's aggregated attention: to a window around each position and to the pooled map."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.components.options import Odd, Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.nn.cached import cached
from archdsl.nn.checks import heads_misfit
from archdsl.nn.init import small_normal, start
from archdsl.nn.position_bias import (
    TEMPERATURE,
    PositionBias,
    Size,
    full_precision,
    positions_misfit,
)
from archdsl.nn.recorded import regrouped, sides, unbound
from archdsl.nn.shifted import NeighbourWindow
from archdsl.nn.stated import neighbours
from archdsl.nn.unit import typed, unit


@token_mixer("aggregated_attention")
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

    def __init__(
        self,
        dim: int,
        size: tuple[int, int],
        reduction: int,
        *,
        head_dim: Positive = 24,
        window: Odd = 3,
        pool: Positive = 2,
        pool_size: Positive | None = None,
        bias: bool = True,
        pretrain_size: Positive | None = None,
        interpolate_from: Positive | None = None,
    ) -> None:
        super().__init__()
        heads, slots = dim // head_dim, window**2
        self.head_dim = head_dim
        self.window = window
        self.pool = pool
        self.pool_size = pool_size
        self.q = nn.Linear(dim, dim, bias=bias)
        self.kv = nn.Linear(dim, 2 * dim, bias=bias)  # rows: keys, values; window and pooled alike
        self.proj = nn.Linear(dim, dim)
        self.pool_proj = nn.Linear(dim, dim)
        self.pool_norm = nn.LayerNorm(dim)
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), TEMPERATURE))
        self.query_embedding = nn.Parameter(torch.empty(heads, 1, head_dim))
        self.window_bias = nn.Parameter(torch.empty(heads, slots))
        self.learned_tokens = nn.Parameter(torch.empty(heads, head_dim, slots))
        self.learned_bias = nn.Parameter(torch.zeros(heads, 1, slots))
        self.position_bias = PositionBias(
            heads, size, reduction, pretrain_size=pretrain_size, interpolate_from=interpolate_from
        )
        small_normal(self.q, self.kv, self.proj)
        start("he", self.pool_proj)
        nn.init.normal_(self.query_embedding, std=0.02)
        nn.init.normal_(self.window_bias, std=0.0004)
        nn.init.normal_(self.learned_tokens, std=0.02)

    @staticmethod
    def check(
        dim: int,
        size: tuple[int, int],
        reduction: int,
        input_size: tuple[int, int],
        total_reduction: int,
        head_dim: int,
        pool_size: int | None,
        pretrain_size: int | None,
        interpolate_from: int | None,
    ) -> Misfit | None:
        """The heads divide the width, the pooled map is smaller, distances can be measured."""
        if pool_size is not None and pool_size >= min(size):
            return Misfit(
                f"pools a map of {size[0]}x{size[1]} to {pool_size}x{pool_size}, which is not less",
                cure=f"choose a pool_size below {min(size)}",
            )
        return heads_misfit(dim, head_dim) or positions_misfit(
            size, reduction, input_size, total_reduction, pretrain_size, interpolate_from
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same, for any H and W."""
        size = sides(x)
        x = x.permute(0, 2, 3, 1)  # (B, H, W, dim), a view of channels-last memory
        positions, meets = math.prod(size), [self.window**2, math.prod(self._pool_grid(size))]
        split = (self.proj.in_features // self.head_dim, self.head_dim)
        scale, bias = self._scale_and_bias(size)

        query = unit(regrouped(self.q(x), positions, *split))  # (B, N, heads, head_dim)
        scaled = torch.addcmul(scale * self.query_embedding.squeeze(1), scale, query)
        keys, values = unbound(regrouped(self.kv(x), positions, 2, *split), 2)
        window = NeighbourWindow(size, self.window, x.device)
        near = window.products(scaled, unit(keys))

        pooled = regrouped(self.kv(self._pooled(x, size)), meets[1], 2, *split)
        far_keys, far_values = unbound(pooled.permute(2, 0, 3, 1, 4), 0)  # (B, heads, P, head_dim)
        far = scaled.transpose(1, 2) @ unit(far_keys).transpose(2, 3)  # (B, heads, N, P)

        logits = torch.cat([near, far], dim=3)
        logits += bias
        near, far = torch.split(logits.softmax(dim=3), meets, dim=3)

        found = self.learned_tokens.transpose(1, 2) @ query.permute(0, 2, 3, 1)
        found = found.transpose(2, 3) + self.learned_bias + near
        out = window.sums(typed(found, values.dtype), values)
        out += (typed(far, values.dtype) @ far_values).transpose(1, 2)
        y: Tensor = self.proj(regrouped(out, *size, math.prod(split)))
        return y.permute(0, 3, 1, 2)

    def macs(self, x: tuple[int, int, int, int]) -> int:
        """The products with the window are sums of shifted views, which no counter sees."""
        batch, dim, height, width = x
        positions, slots = height * width, self.window**2
        pooled = math.prod(self._pool_grid((height, width)))
        linear = 5 * positions + 2 * pooled  # q, kv, pool_proj, proj; kv of what is pooled
        attention = positions * (3 * slots + 2 * pooled)  # keys, learned tokens, values
        return batch * dim * (dim * linear + attention)

    def _pooled(self, x: Tensor, size: Size) -> Tensor:
        """(B, H, W, dim) to such of the pooled map."""
        y = F.gelu(self.pool_proj(x)).permute(0, 3, 1, 2)
        y = F.adaptive_avg_pool2d(y, self._pool_grid(size))
        pooled: Tensor = self.pool_norm(y.permute(0, 2, 3, 1))
        return pooled

    def _pool_grid(self, size: Size) -> Size:
        if self.pool_size is not None:
            return self.pool_size, self.pool_size
        return max(1, size[0] // self.pool), max(1, size[1] // self.pool)

    def _scale_and_bias(self, size: Size) -> tuple[Tensor, Tensor]:
        """(N, heads, 1) and (heads, N, slots + P): from parameters and the size alone."""

        def made() -> tuple[Tensor, Tensor]:
            with full_precision(self.temperature):
                length, outside = self._length_and_outside(size)
                scale = typed(length, self.temperature.dtype) * F.softplus(
                    self.temperature
                ).squeeze(2)
                window = self.window_bias.unsqueeze(1).masked_fill(outside, -math.inf)
                far = self.position_bias.between(size, self._pool_grid)
                return scale, torch.cat([window, far], dim=2)

        own = (self.temperature, self.window_bias, *self.position_bias.parameters())
        return cached(self, size, own, made)

    def _length_and_outside(self, size: Size) -> tuple[Tensor, Tensor]:
        """The logarithm of the number of positions that a query meets, and the slots of none.

        (N, 1, 1) and (N, slots).
        """
        device, pooled = self.temperature.device, math.prod(self._pool_grid(size))
        if torch.compiler.is_exporting():
            none = math.prod(size)
            rows = [[slot == none for slot in slots] for slots in neighbours(size, self.window)]
            met = [[[math.log(row.count(False) + pooled)]] for row in rows]
            return torch.as_tensor(met, device=device), torch.as_tensor(rows, device=device)
        around = self.window // 2
        here = torch.ones(size, dtype=torch.bool, device=device)
        padded = F.pad(here, (around, around, around, around))
        inside = padded.unfold(0, self.window, 1).unfold(1, self.window, 1)
        length = torch.log((inside.sum(dim=(2, 3)) + pooled).float())
        return length.flatten()[:, None, None], ~inside.flatten(2).flatten(0, 1)
