"""TransNeXt (arXiv 2311.17132) as its equations read, on tokens and contiguous maps.

Windows are unfolded, products with them are matrix products, and the network of the position
biases runs in every pass over the table of distinct distances. The modules are named as archdsl
names them, so that one state dict fits both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

Size = tuple[int, int]


class PositionBias(nn.Module):
    """Two linear layers over the distinct pairs of log-spaced distances, then a gather."""

    def __init__(self, heads: int, queries: Size, keys: Size) -> None:
        super().__init__()
        self.fc1 = nn.Linear(2, 512)
        self.fc2 = nn.Linear(512, heads)
        axes = []
        for query, key in zip(queries, keys, strict=True):
            at = torch.arange(query, dtype=torch.float32)
            delta = (at[:, None] - F.adaptive_avg_pool1d(at[None], key)) / (query - 1) * 8
            axes.append(delta.sign() * torch.log2(1 + delta.abs()) / math.log2(8))
        down = axes[0][:, None, :, None].expand(*queries, *keys)
        across = axes[1][None, :, None, :].expand(*queries, *keys)
        pairs = torch.stack([down, across], dim=4).reshape(-1, 2)
        table, index = pairs.unique(dim=0, return_inverse=True)
        self.shape = math.prod(queries), math.prod(keys)
        self.register_buffer("table", table, persistent=False)
        self.register_buffer("index", index, persistent=False)

    def forward(self) -> Tensor:
        """(heads, N, P)."""
        table: Tensor = self.fc2(F.relu(self.fc1(self.table)))
        return table.transpose(0, 1)[:, self.index].unflatten(1, self.shape)


class AggregatedAttention(nn.Module):
    """One softmax over an unfolded 3x3 window and the pooled map."""

    def __init__(self, dim: int, size: Size, *, head_dim: int = 24, pool: int) -> None:
        super().__init__()
        heads = dim // head_dim
        self.size, self.head_dim, self.heads = size, head_dim, heads
        self.grid = max(1, size[0] // pool), max(1, size[1] // pool)
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(dim, 2 * dim)
        self.proj = nn.Linear(dim, dim)
        self.pool_proj = nn.Linear(dim, dim)
        self.pool_norm = nn.LayerNorm(dim, eps=1e-5)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.query_embedding = nn.Parameter(torch.zeros(heads, 1, head_dim))
        self.window_bias = nn.Parameter(torch.zeros(heads, 9))
        self.learned_tokens = nn.Parameter(torch.zeros(heads, head_dim, 9))
        self.learned_bias = nn.Parameter(torch.zeros(heads, 1, 9))
        self.position_bias = PositionBias(heads, size, self.grid)
        inside = F.unfold(torch.ones(1, 1, *size), 3, padding=1)[0].T  # (N, 9)
        met = inside.sum(1, keepdim=True) + math.prod(self.grid)
        self.register_buffer("outside", inside == 0, persistent=False)
        self.register_buffer("length", torch.log(met), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) to the same."""
        batch, positions, dim = x.shape
        split = self.heads, self.head_dim
        query = F.normalize(self.q(x).unflatten(2, split).transpose(1, 2), dim=3)
        scaled = (query + self.query_embedding) * F.softplus(self.temperature) * self.length

        keys, values = self.kv(x).chunk(2, dim=2)
        keys = F.normalize(keys.unflatten(2, split), dim=3).flatten(2)
        maps = torch.cat([keys, values], dim=2).transpose(1, 2).reshape(batch, -1, *self.size)
        around = F.unfold(maps, 3, padding=1).reshape(batch, 2 * self.heads, self.head_dim, 9, -1)
        keys, values = around.permute(0, 1, 4, 2, 3).chunk(2, dim=1)  # (B, heads, N, d, 9)
        near = (scaled.unsqueeze(3) @ keys).squeeze(3) + self.window_bias.unsqueeze(1)
        near = near.masked_fill(self.outside, -math.inf)

        maps = F.gelu(self.pool_proj(x)).transpose(1, 2).reshape(batch, dim, *self.size)
        pooled = F.adaptive_avg_pool2d(maps, self.grid).flatten(2).transpose(1, 2)
        far_kv = self.kv(self.pool_norm(pooled)).unflatten(2, (2 * self.heads, -1))
        far_keys, far_values = far_kv.transpose(1, 2).chunk(2, dim=1)  # (B, heads, P, d)
        far = scaled @ F.normalize(far_keys, dim=3).transpose(2, 3) + self.position_bias()

        attention = torch.cat([near, far], dim=3).softmax(dim=3)
        near, far = attention.split([9, far.shape[3]], dim=3)
        near = query @ self.learned_tokens + self.learned_bias + near
        out = (near.unsqueeze(3) @ values.transpose(3, 4)).squeeze(3) + far @ far_values
        y: Tensor = self.proj(out.transpose(1, 2).reshape(batch, positions, dim))
        return y


class CosineAttention(nn.Module):
    """Attention between unit queries and unit keys, with a position bias."""

    def __init__(self, dim: int, size: Size, *, head_dim: int = 24) -> None:
        super().__init__()
        heads = dim // head_dim
        self.heads, self.length = heads, math.log(math.prod(size))
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.temperature = nn.Parameter(torch.ones(heads, 1, 1))
        self.query_embedding = nn.Parameter(torch.zeros(heads, 1, head_dim))
        self.position_bias = PositionBias(heads, size, size)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) to the same."""
        qkv = self.qkv(x).unflatten(2, (3 * self.heads, -1)).transpose(1, 2)
        query, key, value = qkv.chunk(3, dim=1)  # (B, heads, N, d)
        query = F.normalize(query, dim=3) + self.query_embedding
        query = query * F.softplus(self.temperature) * self.length
        logits = query @ F.normalize(key, dim=3).transpose(2, 3) + self.position_bias()
        y: Tensor = self.proj((logits.softmax(dim=3) @ value).transpose(1, 2).flatten(2))
        return y


class ConvGLU(nn.Module):
    """A gated linear unit whose gate goes through a depthwise convolution."""

    def __init__(self, dim: int, size: Size, *, ratio: int) -> None:
        super().__init__()
        hidden = 2 * dim * ratio // 3
        self.size = size
        self.fc1 = nn.Linear(dim, 2 * hidden)
        self.depthwise = nn.Conv2d(hidden, hidden, 3, padding=1, groups=hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) to the same."""
        gate, value = self.fc1(x).chunk(2, dim=2)
        gate = gate.transpose(1, 2).reshape(len(x), -1, *self.size).contiguous()
        gate = self.depthwise(gate).flatten(2).transpose(1, 2)
        y: Tensor = self.fc2(F.gelu(gate) * value)
        return y


class Block(nn.Module):
    """Two mixers, each behind a norm and beside its input."""

    def __init__(self, dim: int, token_mixer: nn.Module, channel_mixer: nn.Module) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(dim, eps=1e-6)
        self.token_mixer = token_mixer
        self.norm2 = nn.LayerNorm(dim, eps=1e-6)
        self.channel_mixer = channel_mixer

    def forward(self, x: Tensor) -> Tensor:
        """(B, N, dim) to the same."""
        x = x + self.token_mixer(self.norm1(x))
        x = x + self.channel_mixer(self.norm2(x))
        return x


class Embedding(nn.Module):
    """A convolution to a coarser map, then a norm: a map to tokens."""

    def __init__(self, dim_in: int, dim: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim_in, dim, kernel, stride, kernel // 2)
        self.norm = nn.LayerNorm(dim, eps=1e-5)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim_in, H, W) to (B, N, dim)."""
        y: Tensor = self.norm(self.conv(x).flatten(2).transpose(1, 2))
        return y


class Stage(nn.Module):
    """A way in, blocks, a norm."""

    def __init__(
        self, dim_in: int | None, dim: int, depth: int, size: Size, ratio: int, pool: int | None
    ) -> None:
        super().__init__()
        self.size = size
        self.downsample = nn.Sequential()
        if dim_in is not None:
            self.downsample.append(Embedding(dim_in, dim, 3, 2))
        mixers = (
            CosineAttention(dim, size)
            if pool is None
            else AggregatedAttention(dim, size, pool=pool)
            for _ in range(depth)
        )
        self.blocks = nn.Sequential(
            *(Block(dim, m, ConvGLU(dim, size, ratio=ratio)) for m in mixers)
        )
        self.out_norm = nn.LayerNorm(dim, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """A map, or in the first stage tokens, to a contiguous map."""
        x = self.out_norm(self.blocks(self.downsample(x)))
        return x.transpose(1, 2).reshape(len(x), -1, *self.size).contiguous()


class Head(nn.Module):
    """The mean over positions, then a linear layer."""

    def __init__(self, dim: int, classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(dim, classes)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to (B, classes)."""
        y: Tensor = self.classifier(x.mean(dim=(2, 3)))
        return y


class TransNeXt(nn.Module):
    """The whole network, for one input size, without stochastic depth."""

    def __init__(self, dims: Sequence[int], depths: Sequence[int], side: int = 224) -> None:
        super().__init__()
        self.stem = nn.Sequential(Embedding(3, dims[0], 7, 4))
        before = (None, *dims)
        sides = [side // reduction for reduction in (4, 8, 16, 32)]
        rows = zip(before, dims, depths, sides, (8, 8, 4, 4), (8, 4, 2, None), strict=False)
        self.stages = nn.Sequential(
            *(Stage(b, dim, depth, (s, s), ratio, pool) for b, dim, depth, s, ratio, pool in rows)
        )
        self.head = Head(dims[-1], 1000)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 3, side, side) to (B, 1000)."""
        y: Tensor = self.head(self.stages(self.stem(x)))
        return y


def transnext_micro() -> TransNeXt:
    """Micro at 224x224."""
    return TransNeXt((48, 96, 192, 384), (2, 2, 15, 2))


def transnext_base() -> TransNeXt:
    """Base at 224x224."""
    return TransNeXt((96, 192, 384, 768), (5, 5, 23, 5))
