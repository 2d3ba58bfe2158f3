"""Swin (arXiv 2103.14030) written out plainly, one window at a time, for float64.

From the published description and by the published names; it shares no code with archdsl. A map
is (H, W, C) of one image.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

State = Mapping[str, Tensor]

APART = -100.0


def logits(state: State, x: Tensor, window: int, head_dim: int) -> Tensor:
    """(B, 3, H, W) images, of sides that patches of 4 divide, to (B, classes)."""
    return torch.stack([_of_one(state, image, window, head_dim) for image in x])


def _of_one(state: State, image: Tensor, window: int, head_dim: int) -> Tensor:
    height, width = image.shape[1] // 4, image.shape[2] // 4
    weight = state["patch_embed.proj.weight"]
    x = torch.empty(height, width, len(weight), dtype=image.dtype)
    for i in range(height):
        for j in range(width):
            patch = image[:, 4 * i : 4 * i + 4, 4 * j : 4 * j + 4]
            x[i, j] = (weight * patch).sum(dim=(1, 2, 3))
    x = _norm(state, "patch_embed.norm", x + state["patch_embed.proj.bias"])
    layer = 0
    while f"layers.{layer}.blocks.0.norm1.weight" in state:
        if layer:
            x = merged(state, f"layers.{layer}.downsample.", x)
        block = 0
        while f"{(name := f'layers.{layer}.blocks.{block}.')}norm1.weight" in state:
            attended = attention(
                state, f"{name}attn.", _norm(state, f"{name}norm1", x), window, head_dim, block
            )
            x = x + attended
            hidden = _linear(state, f"{name}mlp.fc1", _norm(state, f"{name}norm2", x))
            hidden = hidden * (1 + torch.erf(hidden / math.sqrt(2))) / 2
            x = x + _linear(state, f"{name}mlp.fc2", hidden)
            block += 1
        layer += 1
    return _linear(state, "head.fc", _norm(state, "norm", x).mean(dim=(0, 1)))


def merged(state: State, name: str, x: Tensor) -> Tensor:
    """Patches of 2x2 to one position: upper left, lower left, upper right, lower right."""
    height, width, dim = x.shape
    padded = torch.zeros(height + height % 2, width + width % 2, dim, dtype=x.dtype)
    padded[:height, :width] = x
    four = [padded[row::2, column::2] for row, column in ((0, 0), (1, 0), (0, 1), (1, 1))]
    return _linear(state, f"{name}reduction", _norm(state, f"{name}norm", torch.cat(four, dim=2)))


def attention(
    state: State, name: str, x: Tensor, window: int, head_dim: int, block: int, shifts: bool = True
) -> Tensor:
    """Attention inside the windows of one block."""
    height, width, dim = x.shape
    sides = min(window, height), min(window, width)
    around = math.ceil(height / sides[0]) * sides[0], math.ceil(width / sides[1]) * sides[1]
    odd = shifts and block % 2 == 1
    shift = tuple(
        side // 2 if odd and length > side else 0
        for side, length in zip(sides, (height, width), strict=True)
    )
    padded = torch.zeros(*around, dim, dtype=x.dtype)
    padded[:height, :width] = x
    qkv = _linear(state, f"{name}qkv", padded)
    table = state[f"{name}relative_position_bias_table"]
    mixed = torch.zeros_like(padded)
    for top in range(0, around[0], sides[0]):
        for left in range(0, around[1], sides[1]):
            # the window begins at (top, left) of a map that is shifted up and to the left
            places = [
                (top + i + shift[0], left + j + shift[1])
                for i in range(sides[0])
                for j in range(sides[1])
            ]
            inside = [(i % around[0], j % around[1]) for i, j in places]
            over = [(i >= around[0], j >= around[1]) for i, j in places]
            rows, columns = [i for i, _ in inside], [j for _, j in inside]
            offsets = [
                [
                    (i - m + sides[0] - 1) * (2 * sides[1] - 1) + j - n + sides[1] - 1
                    for m, n in places
                ]
                for i, j in places
            ]
            apart = torch.tensor([[APART * (a != b) for b in over] for a in over])
            own = qkv[rows, columns]  # (positions, 3 · dim)
            for head in range(dim // head_dim):
                first = head * head_dim
                q, k, v = (
                    own[:, part * dim + first : part * dim + first + head_dim] for part in range(3)
                )
                products = q @ k.T / math.sqrt(head_dim) + table[offsets, head] + apart
                mixed[rows, columns, first : first + head_dim] = products.softmax(dim=1) @ v
    return _linear(state, f"{name}proj", mixed[:height, :width])


def _linear(state: State, name: str, x: Tensor) -> Tensor:
    y = x @ state[f"{name}.weight"].T
    return y + state[f"{name}.bias"] if f"{name}.bias" in state else y


def _norm(state: State, name: str, x: Tensor) -> Tensor:
    centred = x - x.mean(dim=-1, keepdim=True)
    scale = (centred.square().mean(dim=-1, keepdim=True) + 1e-5).rsqrt()
    return centred * scale * state[f"{name}.weight"] + state[f"{name}.bias"]
