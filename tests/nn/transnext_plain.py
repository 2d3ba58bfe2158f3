"""TransNeXt's attentions as their equations read: windows unfolded, products as matrix products.

Nothing of the package's own computation is used; only the weights of its modules are read.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.nn.token_mixers.aggregated_attention import AggregatedAttention
from archdsl.nn.token_mixers.cosine_attention import CosineAttention

Size = tuple[int, int]
Mixer = AggregatedAttention | CosineAttention
DIM = 16


def attention(
    kind: str, size: tuple[int, int], *, reduction: int = 1, head_dim: int = 8, **options: Any
) -> Any:
    """A mixer in eval whose parameters are all away from where they start."""
    made = {"aggregated": AggregatedAttention, "cosine": CosineAttention}[kind]
    mixer = made(DIM, size, reduction, head_dim=head_dim, **options)
    for parameter in mixer.parameters():
        nn.init.normal_(parameter, std=0.2)
    return mixer.eval()


def formula(mixer: Mixer, x: Tensor) -> Tensor:
    """What a mixer should give."""
    return aggregated(mixer, x) if isinstance(mixer, AggregatedAttention) else cosine(mixer, x)


def unit(x: Tensor) -> Tensor:
    """Vectors along the last axis, at length one."""
    return x / x.norm(dim=-1, keepdim=True).clamp_min(1e-12)


def aggregated(mixer: Any, x: Tensor, bias: Tensor | None = None) -> Tensor:
    """What an AggregatedAttention gives for (B, C, H, W).

    bias: that of the pooled positions, (heads, N, P); worked out where it is not given
    """
    batch, dim, *size = x.shape
    head_dim, window = mixer.head_dim, mixer.window
    positions, slots = math.prod(size), window**2
    tokens = x.flatten(2).transpose(1, 2)  # (B, N, C)

    def heads(t: Tensor) -> Tensor:
        return t.unflatten(2, (-1, head_dim)).transpose(1, 2)  # (B, heads, N, d)

    def around(t: Tensor) -> Tensor:
        maps = t.transpose(1, 2).reshape(batch, dim, *size)
        near = F.unfold(maps, window, padding=window // 2).unflatten(1, (-1, head_dim, slots))
        return near.permute(0, 1, 4, 2, 3)  # (B, heads, N, d, slots)

    inside = F.unfold(torch.ones(1, 1, *size), window, padding=window // 2)[0].T
    grid = pool_grid(mixer, (size[0], size[1]))
    length = torch.log(inside.sum(1, keepdim=True) + math.prod(grid)).to(x.dtype)
    query = unit(heads(mixer.q(tokens)))
    scaled = (query + mixer.query_embedding) * F.softplus(mixer.temperature) * length

    keys, values = mixer.kv(tokens).chunk(2, dim=2)
    keys = unit(keys.unflatten(2, (-1, head_dim))).flatten(2)
    near = (scaled.unsqueeze(3) @ around(keys)).squeeze(3) + mixer.window_bias[:, None]
    near = near.masked_fill(inside == 0, -math.inf)

    maps = F.gelu(mixer.pool_proj(tokens)).transpose(1, 2).reshape(batch, dim, *size)
    pooled = F.adaptive_avg_pool2d(maps, grid).flatten(2).transpose(1, 2)
    norm = mixer.pool_norm
    pooled = F.layer_norm(pooled, (dim,), norm.weight, norm.bias, 1e-5)
    far_keys, far_values = map(heads, mixer.kv(pooled).chunk(2, dim=2))
    if bias is None:
        bias = position_bias(mixer.position_bias, (size[0], size[1]), grid, mixer)
    far = scaled @ unit(far_keys).transpose(2, 3) + bias

    attention = torch.cat([near, far], dim=3).softmax(dim=3)
    weights = query @ mixer.learned_tokens + mixer.learned_bias + attention[..., :slots]
    out = (weights.unsqueeze(3) @ around(values).transpose(3, 4)).squeeze(3)
    out = out + attention[..., slots:] @ far_values
    y: Tensor = mixer.proj(out.transpose(1, 2).reshape(batch, positions, dim))
    return y.transpose(1, 2).reshape(x.shape)


def cosine(mixer: Any, x: Tensor) -> Tensor:
    """What a CosineAttention gives for (B, C, H, W)."""
    size = (x.shape[2], x.shape[3])
    tokens = x.flatten(2).transpose(1, 2)
    qkv = mixer.qkv(tokens).chunk(3, dim=2)
    query, key, value = (t.unflatten(2, (-1, mixer.head_dim)).transpose(1, 2) for t in qkv)
    scale = F.softplus(mixer.temperature) * math.log(tokens.shape[1])
    logits = (unit(query) + mixer.query_embedding) * scale @ unit(key).transpose(2, 3)
    logits = logits + position_bias(mixer.position_bias, size, size, mixer)
    out = logits.softmax(dim=3) @ value
    y: Tensor = mixer.proj(out.transpose(1, 2).flatten(2))
    return y.transpose(1, 2).reshape(x.shape)


def pool_grid(mixer: Any, size: Size) -> Size:
    if mixer.pool_size is not None:
        return mixer.pool_size, mixer.pool_size
    return max(1, size[0] // mixer.pool), max(1, size[1] // mixer.pool)


def position_bias(network: Any, queries: Size, keys: Size, mixer: Any) -> Tensor:
    """(heads, N, P), one pass of the network for every pair."""
    if network.table is None:
        return every_pair(network, queries, keys)
    table = network.table
    table_keys = pool_grid(mixer, table) if hasattr(mixer, "pool") else table
    bias = every_pair(network, table, table_keys).unflatten(2, table_keys)
    bias = F.interpolate(bias, keys, mode="bilinear").flatten(2).transpose(1, 2)
    bias = F.interpolate(bias.unflatten(2, table), queries, mode="bilinear")
    return bias.flatten(2).transpose(1, 2)


def every_pair(network: Any, queries: Size, keys: Size) -> Tensor:
    axes = []
    for query, key, scale in zip(queries, keys, network.scale, strict=True):
        at = torch.arange(query, dtype=torch.float32)
        delta = (at[:, None] - F.adaptive_avg_pool1d(at[None], key)) / (scale - 1) * 8
        axes.append(delta.sign() * torch.log2(1 + delta.abs()) / math.log2(8))
    down, across = axes
    pairs = torch.stack(
        [
            down[:, None, :, None].expand(*queries, *keys),
            across[None, :, None, :].expand(*queries, *keys),
        ],
        dim=4,
    ).reshape(math.prod(queries), math.prod(keys), 2)
    bias: Tensor = network.fc2(F.relu(network.fc1(pairs.to(network.fc1.weight.dtype))))
    return bias.permute(2, 0, 1)
