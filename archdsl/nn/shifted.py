"""Products with a window around each position, read through shifted views of the padded map.

A map of vectors is (B, H, W, heads, head_dim), one number per slot of the window is
(slots, B, H, W, heads); slots go row by row, and what lies outside the map is zero. Unfolding
would hold the map once per slot; here nothing is held but what goes in and comes out, in the
backward pass, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.nn import functional as F

from archdsl.nn.recorded import recorded


def window_products(queries: Tensor, keys: Tensor, window: int) -> Tensor:
    """The product of each query with the keys around it: two maps to (slots, B, H, W, heads)."""
    return _run(_Products, _products, queries, keys, window)


def window_sums(weights: Tensor, values: Tensor, window: int) -> Tensor:
    """The weighted sum of the values around each position: (slots, ...) and a map to a map."""
    return _run(_Sums, _sums, weights, values, window)


_Work = Callable[[Tensor, Tensor, int], Tensor]


def _run(function: type[Function], work: _Work, one: Tensor, other: Tensor, window: int) -> Tensor:
    """With gradients through their own formulas; a compiler finds better ones by itself.

    What a tracer records holds no formulas, and without memory there is none to save.
    """
    wanted = torch.is_grad_enabled() and (one.requires_grad or other.requires_grad)
    if not wanted or one.is_meta or recorded():
        return work(one, other, window)
    return _apply(function, one, other, window)


def _apply(function: type[Function], one: Tensor, other: Tensor, window: int) -> Tensor:
    result: Tensor = function.apply(one, other, window)  # type: ignore[no-untyped-call]
    return result


def _products(queries: Tensor, keys: Tensor, window: int) -> Tensor:
    if torch.compiler.is_exporting():
        return (queries * _at_once(keys, window)).sum(6).flatten(0, 1)
    slots = _slots(_padded(keys, window), window)
    if queries.is_meta:  # no memory to save, and this is what a counter of operators sees
        return torch.einsum("sbhwnd,bhwnd->sbhwn", torch.stack([*slots]), queries)
    return torch.stack([(queries * key).sum(4) for key in slots])


def _sums(weights: Tensor, values: Tensor, window: int) -> Tensor:
    if torch.compiler.is_exporting():
        weights = torch.unflatten(weights, 0, (window, window)).unsqueeze(6)
        return (weights * _at_once(values, window)).sum((0, 1))
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


def _at_once(maps: Tensor, window: int) -> Tensor:
    """The map as all slots see it, (window, window, B, H, W, heads, head_dim).

    An exporter takes its time per operator, and this is one: a convolution each of whose outputs
    is what stands at one slot.
    """
    heads, head_dim = maps.shape[3:]
    numbers = range(window**2)
    kernels = torch.tensor(  # a constant to an exporter, and no operators that make it
        [[[float(slot == own)] for slot in numbers] for own in numbers],
        dtype=maps.dtype, device=maps.device,
    ).view(-1, 1, window, window).repeat(heads * head_dim, 1, 1, 1)  # fmt: skip
    channels = maps.flatten(3).permute(0, 3, 1, 2)
    slots = F.conv2d(channels, kernels, padding=window // 2, groups=heads * head_dim)
    slots = torch.unflatten(slots, 1, (heads, head_dim, window, window))
    return slots.permute(3, 4, 0, 5, 6, 1, 2)


class _Bilinear(Function):
    """Work on two tensors that is linear in each; each gradient is such work again."""

    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, int], output: Tensor) -> None:
        one, other, ctx.window = inputs
        ctx.save_for_backward(one, other)


class _Products(_Bilinear):
    @staticmethod
    def forward(queries: Tensor, keys: Tensor, window: int) -> Tensor:
        return _products(queries, keys, window)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        queries, keys = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            _apply(_Sums, gradient, keys, ctx.window) if wanted[0] else None,
            _apply(_Spread, gradient, queries, ctx.window) if wanted[1] else None,
            None,
        )


class _Sums(_Bilinear):
    @staticmethod
    def forward(weights: Tensor, values: Tensor, window: int) -> Tensor:
        return _sums(weights, values, window)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        weights, values = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            _apply(_Products, gradient, values, ctx.window) if wanted[0] else None,
            _apply(_Spread, weights, gradient, ctx.window) if wanted[1] else None,
            None,
        )


class _Spread(_Bilinear):
    @staticmethod
    def forward(weights: Tensor, maps: Tensor, window: int) -> Tensor:
        return _spread(weights, maps, window)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, None]:
        weights, maps = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            _apply(_Products, maps, gradient, ctx.window) if wanted[0] else None,
            _apply(_Sums, weights, gradient, ctx.window) if wanted[1] else None,
            None,
        )
