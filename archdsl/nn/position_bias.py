"""A bias for every pair of a query and a key, from how far apart they are (TransNeXt)."""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from archdsl.errors import Misfit
from archdsl.nn import stated
from archdsl.nn.init import small_normal

Size = tuple[int, int]

_HIDDEN = 512
_AT_ONCE = 1 << 22  # hidden features in memory at a time: 16 MB

TEMPERATURE = math.log(math.expm1(1 / 0.24))
"""Where a learned temperature starts, so that its softplus is 1 / 0.24."""


class PositionBias(nn.Module):
    """A small network from log-spaced distances to a bias per head (arXiv 2311.17132, 2111.09883).

    heads: biases of a pair
    size: the map for which the network was built
    reduction: positions of the image per position of the map, along a side
    pretrain_size: side of the images on which opposite borders are 8 apart; the map's by default
    interpolate_from: side of the images for which biases are computed, to be resized to the map
        at hand; computed for it by default
    """

    def __init__(
        self,
        heads: int,
        size: Size,
        reduction: int,
        *,
        pretrain_size: int | None = None,
        interpolate_from: int | None = None,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.table = _grid(interpolate_from, reduction)
        self.scale = _grid(pretrain_size, reduction) or self.table or size
        self.fc1 = nn.Linear(2, _HIDDEN)
        self.fc2 = nn.Linear(_HIDDEN, heads)
        small_normal(self.fc1, self.fc2)

    def between(self, queries: Size, keys_of: Callable[[Size], Size]) -> Tensor:
        """(heads, Hq·Wq, Hk·Wk) for a map of queries; `keys_of` says which grid of keys covers it.

        Always in the parameters' own precision.
        """
        if self.fc1.weight.is_meta and not self.training and not torch.is_grad_enabled():
            # A pass without memory shows what a pass costs, and in eval this is done before it.
            return torch.empty(
                self.heads, math.prod(queries), math.prod(keys_of(queries)), device="meta"
            )
        with full_precision(self.fc1.weight):
            if self.table is None or self.table == queries:
                return self._computed(queries, keys_of(queries))
            keys = keys_of(self.table)
            bias = torch.unflatten(self._computed(self.table, keys), 2, keys)
            bias = _resized(bias, keys_of(queries)).flatten(2).transpose(1, 2)
            bias = _resized(torch.unflatten(bias, 2, self.table), queries)
            return bias.flatten(2).transpose(1, 2)

    def _computed(self, queries: Size, keys: Size) -> Tensor:
        if torch.compiler.is_exporting():
            return self._of_constants(queries, keys)
        sides = list(zip(queries, keys, self.scale, strict=True))
        down, row = distances(*sides[0], self.fc1.weight)
        square = sides[0] == sides[1]
        across, column = (down, row) if square else distances(*sides[1], self.fc1.weight)
        weight = self.fc1.weight
        right = across[:, None] * weight[:, 1] + self.fc1.bias  # (across, hidden)
        most = 2 * queries[1] * _HIDDEN  # numbers in a strip of one distance down, at the most
        strips = torch.split(down, max(1, _AT_ONCE // most))
        table = [self.fc2(F.relu(strip[:, None, None] * weight[:, 0] + right)) for strip in strips]
        pairs = torch.cat(table)[row.flatten()][:, column.flatten()]  # (Hq·Hk, Wq·Wk, heads)
        pairs = pairs.reshape(*row.shape, *column.shape, -1).permute(4, 0, 2, 1, 3)
        return pairs.flatten(3).flatten(1, 2)

    def _of_constants(self, queries: Size, keys: Size) -> Tensor:
        """The same by few operators: whatever follows from sizes alone is a constant."""
        pairs, index = stated.apart(queries, keys, self.scale)
        device, dtype = self.fc1.weight.device, self.fc1.weight.dtype
        at_once = max(1, _AT_ONCE // _HIDDEN)
        parts = [pairs[first : first + at_once] for first in range(0, len(pairs), at_once)]
        table = [
            self.fc2(F.relu(self.fc1(torch.as_tensor(part, dtype=dtype, device=device))))
            for part in parts
        ]
        biases = F.embedding(
            torch.as_tensor(index, device=device, dtype=torch.int32),
            table[0] if len(table) == 1 else torch.cat(table),
        )
        return biases.permute(2, 0, 1)


def distances(queries: int, keys: int, scale: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Along one axis, the distances that occur, and which of them each pair has.

    A key stands for a range of queries, those that adaptive pooling takes together, and is as far
    away as their mean. Distances are signed, positive where the query comes after the key, and
    log-spaced: 0 is 0, `scale` positions are about 1. Returns (distances,) and indices into them,
    (queries, keys).
    """
    device = like.device
    start = torch.arange(0, keys * queries, queries, device=device)
    first_and_stop = start // keys + (start + (queries + keys - 1)) // keys
    # The means end in .0 or .5; where all ranges are as long, all end alike.
    step = 2 if queries % keys == 0 else 1
    most = 2 * queries - 1 - -(-queries // keys)
    twice = torch.arange(most + 1, most + 1 + 2 * queries, 2, device=device)
    delta = torch.arange(-most, most + 1, step, device=device) / 2 / max(1, scale - 1) * 8
    log = torch.sign(delta) * torch.log2(1 + delta.abs()) / 3
    return log.to(like.dtype), (twice.unsqueeze(1) - first_and_stop) // step


def full_precision(like: Tensor) -> AbstractContextManager[object]:
    """No autocast on a tensor's device: what is kept must not depend on the pass that made it."""
    device = like.device.type
    if like.is_meta or not torch.is_autocast_enabled(device):  # nothing that a record would hold
        return nullcontext()
    return torch.autocast(device, enabled=False)


def _grid(side: int | None, reduction: int) -> Size | None:
    return None if side is None else (side // reduction, side // reduction)


def _resized(maps: Tensor, size: Size) -> Tensor:
    return F.interpolate(maps, size, mode="bilinear", align_corners=False)


def positions_misfit(
    size: Size, reduction: int, input_size: Size, total_reduction: int, *given: int | None
) -> Misfit | None:
    """Why distances cannot be measured on a map.

    given: the sizes of images that options name to measure by, if any. Without one it is the
        input's own, and that must be one grid of positions: whole when divided by the reduction,
        and more than a single position.
    """
    own = [side for side in given if side is not None]
    if small := next((side for side in own if side // reduction < 2), None):
        return Misfit(
            f"measures distances on images of {small}, and a reduction of {reduction} leaves "
            f"{small // reduction} of their positions along a side",
            cure=f"choose {2 * reduction} or more",
        )
    whole = all(side % reduction == 0 for side in input_size)
    if own or (whole and min(size) > 1):
        return None
    below = [max(2, side // total_reduction) * total_reduction for side in input_size]
    above = [max(2, -(-side // total_reduction)) * total_reduction for side in input_size]
    nearest = dict.fromkeys("x".join(map(str, sides)) for sides in (below, above))
    return Misfit(
        f"measures distances on the input, and a reduction of {reduction} "
        f"{'leaves a single position along a side of' if whole else 'does not divide'} "
        f"{input_size[0]}x{input_size[1]}",
        cure=f"choose an input of {' or '.join(nearest)}, or a pretrain_size; with one, any input",
    )
