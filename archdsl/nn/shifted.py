"""Products with a window around each position, read through shifted views of the padded map.

Vectors are (B, N, heads, head_dim) for the N positions of a map, row by row; slots of the window go
row by row, too, and what lies outside the map is zero. Unfolding would hold the map once per slot;
here nothing is held but what goes in and comes out, in the backward pass, too.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from archdsl.nn.recorded import recorded, regrouped
from archdsl.nn.stated import neighbours

Size = tuple[int, int]


class NeighbourWindow:
    """A window of an odd side around each position of a map.

    An exporter takes its time per operator: for it the vectors at all slots are gathered, by few.
    """

    def __init__(self, size: Size, side: int, device: torch.device) -> None:
        self.size = size
        self.side = side
        self.places: Tensor | None = None
        if torch.compiler.is_exporting():
            places = [place for slots in neighbours(size, side) for place in slots]
            self.places = torch.as_tensor(places, device=device)

    def products(self, queries: Tensor, keys: Tensor) -> Tensor:
        """The product of each query with the keys around it: (B, heads, N, slots)."""
        if self.places is not None:
            return torch.einsum("bnhd,bnshd->bhns", queries, self._gathered(keys, self.places))
        queries, keys = (torch.unflatten(vectors, 1, self.size) for vectors in (queries, keys))
        products = _run(0, queries, keys, self.side)
        return products.flatten(2, 3).permute(1, 3, 2, 0)

    def sums(self, weights: Tensor, values: Tensor) -> Tensor:
        """The sum of the values around each position, (B, heads, N, slots) and vectors to such."""
        if self.places is not None:
            return torch.einsum("bhns,bnshd->bnhd", weights, self._gathered(values, self.places))
        weights = torch.unflatten(weights.permute(3, 0, 2, 1).contiguous(), 2, self.size)
        values = torch.unflatten(values, 1, self.size)
        return _run(1, weights, values, self.side).flatten(1, 2)

    def _gathered(self, vectors: Tensor, places: Tensor) -> Tensor:
        """The vectors at all slots of each position, (B, N, slots, heads, head_dim)."""
        padded = F.pad(vectors, (0, 0, 0, 0, 0, 1))  # what stands outside
        slots = math.prod(self.size), self.side**2
        return regrouped(padded.index_select(1, places), *slots, *vectors.shape[2:])


# A map is (B, H, W, heads, head_dim) from here on, one number per slot (slots, B, H, W, heads).


def _products(queries: Tensor, keys: Tensor, window: int) -> Tensor:
    slots = _slots(_padded(keys, window), window)
    if queries.is_meta:  # no memory to save, and this is what a counter of operators sees
        return torch.einsum("sbhwnd,bhwnd->sbhwn", torch.stack([*slots]), queries)
    return torch.stack([(queries * key).sum(4) for key in slots])


def _sums(weights: Tensor, values: Tensor, window: int) -> Tensor:
    slots = _slots(_padded(values, window), window)
    if values.is_meta:
        return torch.einsum("sbhwn,sbhwnd->bhwnd", weights, torch.stack([*slots]))
    first, *others = zip(weights.unsqueeze(5).unbind(0), slots, strict=True)
    out: Tensor = first[0] * first[1]
    for weight, value in others:
        out.addcmul_(weight, value)
    return out


def _spread(weights: Tensor, maps: Tensor, window: int) -> Tensor:
    """Each vector added, with its weights, to the positions around it."""
    around = window // 2
    height, width = maps.shape[1:3]
    padded = torch.zeros_like(_padded(maps, window))
    for weight, slot in zip(weights.unsqueeze(5).unbind(0), _slots(padded, window), strict=True):
        slot.addcmul_(weight, maps)
    return padded[:, around : around + height, around : around + width]


def _padded(maps: Tensor, window: int) -> Tensor:
    around = window // 2
    return F.pad(maps, (0, 0, 0, 0, around, around, around, around))


def _slots(padded: Tensor, window: int) -> Iterator[Tensor]:
    """The map as each slot of the window sees it."""
    height, width = (side + 1 - window for side in padded.shape[1:3])
    for down in range(window):
        for right in range(window):
            yield padded[:, down : down + height, right : right + width]


_WORK = _products, _sums, _spread
"""What gives the first, the second, the third of these from the others: numbers per slot, vectors,
and the vectors around those. Each is linear in the two that it takes.
"""


def _run(place: int, one: Tensor, other: Tensor, window: int) -> Tensor:
    """With gradients through their own formulas; a compiler finds better ones by itself.

    What a tracer records holds no formulas, and without memory there is none to save.
    """
    wanted = torch.is_grad_enabled() and (one.requires_grad or other.requires_grad)
    if not wanted or one.is_meta or recorded():
        return _WORK[place](one, other, window)
    return _apply(place, one, other, window)


def _apply(place: int, one: Tensor, other: Tensor, window: int) -> Tensor:
    result: Tensor = _Work.apply(place, one, other, window)  # type: ignore[no-untyped-call]
    return result


class _Work(Function):
    """Work on two tensors that is linear in each; each gradient is such work again."""

    generate_vmap_rule = True

    @staticmethod
    def forward(place: int, one: Tensor, other: Tensor, window: int) -> Tensor:
        return _WORK[place](one, other, window)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[int, Tensor, Tensor, int], output: Tensor) -> None:
        ctx.place, one, other, ctx.window = inputs
        ctx.save_for_backward(one, other)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        three = [*ctx.saved_tensors]
        three.insert(ctx.place, gradient)
        given = [place for place in range(3) if place != ctx.place]
        made: list[Tensor | None] = []
        for place, wanted in zip(given, ctx.needs_input_grad[1:3], strict=True):
            one, other = three[:place] + three[place + 1 :]
            made.append(_apply(place, one, other, ctx.window) if wanted else None)
        return None, *made, None
