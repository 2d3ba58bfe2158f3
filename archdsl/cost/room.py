"""How much memory it takes to measure a layer, known before any of it is taken.

The tracer keeps every tensor that a pass makes, so a layer takes what all of them take together.
A layer of archdsl's own components is asked on meta tensors, which have shapes and no memory. What
somebody else wrote may keep such a tensor for later, so it gets none to see: it runs as it is, and
each operator is asked on meta tensors before it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from math import prod
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves, tree_map_only

from archdsl import memory
from archdsl.compiler.builder import Unfilled
from archdsl.compiler.network import Shape
from archdsl.cost.dispatch import DispatchMode
from archdsl.nn.fuse import fuse

LIMIT = 2_000_000_000
"""Bytes that measuring one layer may take. The largest shipped one takes 240 MB."""


class TooMuchMemory(Exception):
    """What would be needed is more than there is. needed: bytes; at_least: whether it is more"""

    def __init__(self, needed: int, params: int, at_least: bool = False) -> None:
        super().__init__(needed)
        self.needed, self.params, self.at_least = needed, params, at_least

    def __str__(self) -> str:
        """What it takes, what there is, and what to change; completes "measuring it ..."."""
        more = "at least " if self.at_least else ""
        params = f", {memory.written(self.params)} of it for parameters" if self.params else ""
        return (
            f"takes {more}{memory.written(self.needed)} of memory{params}, and "
            f"{memory.written(most())} may be taken.  choose a smaller input, or smaller dims, "
            "kernels and ratios"
        )


def most() -> int:
    """Bytes that measuring may take: less than the limit where less is free."""
    return min(LIMIT, memory.free())


def check_map(shape: Shape) -> None:
    """Raises TooMuchMemory where a map alone is too large, if only for torch to say how large."""
    if (needed := 4 * prod(shape)) > most():
        raise TooMuchMemory(needed, 0, at_least=True)


def check(make: Callable[[], nn.Module], in_shape: Shape) -> None:
    """Raises TooMuchMemory where building, folding and one pass take too much. Raises theirs."""
    with torch.device("meta"), Unfilled(), _Tally() as tally:
        module = make()
        params = sum(4 * parameter.numel() for parameter in module.parameters())
        if any(callable(getattr(inner, "fused", None)) for inner in module.modules()):
            module = fuse(module)
        with _Attention():
            module.eval()(_input(in_shape))
    if tally.total > most():
        raise TooMuchMemory(tally.total, params)


def _input(in_shape: Shape) -> Tensor:
    return torch.empty(1, *in_shape).contiguous(memory_format=torch.channels_last)


class _Attention(TorchFunctionMode):
    """Attention as the processor has it: without the tensor of all pairs that meta tensors have."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        if func is F.scaled_dot_product_attention and len(args) >= 3:
            query, _, value = args[:3]
            if query.shape[-1] == value.shape[-1]:
                return torch.empty_like(query)
        return func(*args, **(kwargs or {}))


class _Tally(DispatchMode):
    """Adds up the tensors that are made while it watches, none of which is taken off again."""

    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        self.total += _fresh(out, (args, kwargs))
        return out


class Guard(_Tally):
    """Asks each operator what it makes before it runs. Raises TooMuchMemory in time."""

    def __torch_dispatch__(
        self,
        func: Any,
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Run an operator, unless it would take too much."""
        kwargs = kwargs or {}
        with suppress(Exception):  # it has no form without memory
            there = tree_map_only(Tensor, _without_memory, (args, kwargs))
            if "device" in kwargs:
                there[1]["device"] = torch.device("meta")
            self.total += _fresh(func(*there[0], **there[1]), there)
        if self.total > most():
            raise TooMuchMemory(self.total, 0, at_least=True)
        return func(*args, **kwargs)


def _without_memory(tensor: Tensor) -> Tensor:
    return torch.empty_strided(
        tensor.shape, tensor.stride(), dtype=tensor.dtype, device=torch.device("meta")
    )


def _fresh(out: Any, given: Any) -> int:
    """Bytes of the tensors that came out and were not given."""
    before = {_memory(tensor) for tensor in tree_leaves(given) if isinstance(tensor, Tensor)}
    made = {
        _memory(tensor): tensor.untyped_storage().nbytes()
        for tensor in tree_leaves(out)
        if isinstance(tensor, Tensor)
    }
    return sum(size for of_it, size in made.items() if of_it not in before)


def _memory(tensor: Tensor) -> int:
    storage: int = tensor.untyped_storage()._cdata
    return storage
