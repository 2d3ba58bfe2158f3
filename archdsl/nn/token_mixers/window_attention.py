"""Swin's attention inside windows that shift from block to block."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.components.options import Positive
from archdsl.components.registry import token_mixer
from archdsl.errors import Misfit
from archdsl.nn import stated
from archdsl.nn.cached import cached
from archdsl.nn.checks import heads_misfit
from archdsl.nn.init import small_normal
from archdsl.nn.recorded import sides, unbound

Size = tuple[int, int]

_APART = -100.0  # added between positions that only the shift has brought together


@token_mixer("window_attention")
class WindowAttention(nn.Module):
    """Self-attention inside windows that shift (Swin, arXiv 2103.14030).

    Each offset from a position to another has a learned bias of its own in each head.
    The windows tile the map; a map that they do not divide is padded with zeros below and at the
    right before it is shifted, as in the authors' detection code (timm shifts first, and gives
    other numbers there). Along a side that is no longer than the window, the window is the side.

    head_dim: channels of a head; the number of heads follows from the width
    window: side of a window
    shift: alternate moves the windows of every second block by half of one; none moves none
    qkv_bias: whether queries, keys and values have biases
    proj_bias: whether the output projection has one
    """

    def __init__(
        self,
        dim: int,
        size: tuple[int, int],
        depth_index: int,
        *,
        head_dim: Positive = 32,
        window: Positive = 7,
        shift: Literal["alternate"] | None = "alternate",
        qkv_bias: bool = True,
        proj_bias: bool = True,
    ) -> None:
        super().__init__()
        self.head_dim = head_dim
        self.window = min(window, size[0]), min(window, size[1])
        self.shifts = shift is not None and depth_index % 2 == 1
        self.qkv = nn.Linear(dim, 3 * dim, bias=qkv_bias)  # rows: queries, keys, values
        self.proj = nn.Linear(dim, dim, bias=proj_bias)
        small_normal(self.qkv, self.proj)
        offsets = (2 * self.window[0] - 1) * (2 * self.window[1] - 1)
        self.offset_bias = nn.Parameter(torch.empty(offsets, dim // head_dim))
        nn.init.normal_(self.offset_bias, std=0.02)

    @staticmethod
    def check(dim: int, head_dim: int) -> Misfit | None:
        """The heads divide the width."""
        return heads_misfit(dim, head_dim)

    def forward(self, x: Tensor) -> Tensor:
        """(B, dim, H, W) to the same, for any H and W."""
        batch, size = x.shape[0], sides(x)
        down, right = (
            window // 2 if self.shifts and side > window else 0
            for side, window in zip(size, self.window, strict=True)
        )
        moved = down > 0 or right > 0
        x = x.permute(0, 2, 3, 1)  # (B, H, W, dim), a view of channels-last memory
        x = _split(x, size, self.window, (down, right))  # (B · windows, positions, dim)
        qkv = self.qkv(x).unflatten(2, (3, -1, self.head_dim))
        q, k, v = unbound(
            qkv.permute(2, 0, 3, 1, 4), 0
        )  # (windows, heads, positions, head_dim) each
        bias = self._bias(size, (down, right))
        if moved:
            bias = bias.repeat(batch, 1, 1, 1)
        x = F.scaled_dot_product_attention(q, k, v, attn_mask=bias)
        x = x.transpose(1, 2)
        if torch.compiler.is_exporting():  # whoever takes attention apart lays it out otherwise
            x = x.clone(memory_format=torch.contiguous_format)
        x = self.proj(_joined(x.flatten(2), size, self.window, (down, right)))
        return x.permute(0, 3, 1, 2)

    def _bias(self, size: Size, shift: Size) -> Tensor:
        """(windows or 1, heads, positions, positions): from parameters and sizes alone."""

        def made() -> Tensor:
            bias = _of_offsets(self.offset_bias, self.window).permute(2, 0, 1)[None]
            if any(shift):
                bias = bias + _apart(size, self.window, shift, bias)
            return bias

        return cached(self, (_grid(size, self.window), shift), (self.offset_bias,), made)


def _grid(size: Size, window: Size) -> Size:
    return -(-size[0] // window[0]), -(-size[1] // window[1])


def _split(x: Tensor, size: Size, window: Size, shift: Size) -> Tensor:
    """(B, H, W, C) to (B · windows, positions of a window, C), padded and moved."""
    (height, width), (rows, columns) = size, window
    over = -height % rows, -width % columns
    if torch.compiler.is_exporting():
        x, places = x.flatten(1, 2), stated.window_places(size, window, shift)
        if any(over):
            x = F.pad(x, (0, 0, 0, 1))  # what stands outside
        x = x.index_select(1, torch.as_tensor(places, device=x.device))
        return x.reshape(-1, rows * columns, x.shape[2])
    if any(over):
        x = F.pad(x, (0, 0, 0, over[1], 0, over[0]))
    if any(shift):
        x = x.roll((-shift[0], -shift[1]), dims=(1, 2))
    return _windows(x, _grid(size, window))


def _joined(x: Tensor, size: Size, window: Size, shift: Size) -> Tensor:
    """What `_split` has split."""
    if torch.compiler.is_exporting():
        places = stated.window_places(size, window, shift)
        where = {place: number for number, place in enumerate(places)}
        order = torch.as_tensor([where[place] for place in range(math.prod(size))], device=x.device)
        x = x.reshape(-1, len(places), x.shape[2]).index_select(1, order)
        return torch.unflatten(x, 1, size)
    x = torch.unflatten(torch.unflatten(x, 1, window), 0, (-1, *_grid(size, window)))
    x = x.transpose(2, 3).flatten(3, 4).flatten(1, 2)
    if any(shift):
        x = x.roll(shift, dims=(1, 2))
    return x[:, : size[0], : size[1]]


def _windows(x: Tensor, grid: Size) -> Tensor:
    """(B, H, W, C) to (B · windows, positions of a window, C)."""
    x = torch.unflatten(torch.unflatten(x, 2, (grid[1], -1)), 1, (grid[0], -1))
    return x.transpose(2, 3).flatten(3, 4).flatten(0, 2)


def _of_offsets(table: Tensor, window: Size) -> Tensor:
    """(positions, positions, heads): the row of each offset from a key to a query."""
    if torch.compiler.is_exporting():
        index = torch.as_tensor(stated.offsets(window), device=table.device)
        return F.embedding(index, table)
    return table[_offsets(window, table.device)]


def _offsets(window: tuple[int, int], device: torch.device) -> Tensor:
    """(positions, positions): which of a window's offsets leads from a key to a query."""
    rows, columns = (torch.arange(side, device=device) for side in window)
    down = rows[:, None] - rows + window[0] - 1
    right = columns[:, None] - columns + window[1] - 1
    both = down[:, None, :, None] * (2 * window[1] - 1) + right[None, :, None, :]
    return both.flatten(2).flatten(0, 1)


def _apart(size: Size, window: Size, shift: Size, like: Tensor) -> Tensor:
    """(windows, 1, positions, positions): _APART between what came in over opposite borders."""
    if torch.compiler.is_exporting():
        parts = stated.window_parts(size, window, shift)
        queries = torch.as_tensor([[[[one] for one in own]] for own in parts], device=like.device)
        keys = torch.as_tensor([[[own]] for own in parts], device=like.device)
        return (queries != keys) * torch.tensor(_APART, dtype=like.dtype, device=like.device)
    grid = _grid(size, window)
    rows, columns = (
        torch.arange(count * side, device=like.device) >= count * side - moved
        for count, side, moved in zip(grid, window, shift, strict=True)
    )
    part = 2 * rows[:, None] + columns  # which positions the shift has moved over which border
    part = _windows(part[None, :, :, None], grid).squeeze(2)
    apart: Tensor = (part[:, :, None] != part[:, None, :]).to(like.dtype) * _APART
    return apart.unsqueeze(1)
