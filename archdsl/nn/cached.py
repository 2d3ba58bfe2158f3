"""Work on parameters alone, done once in eval."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

T = TypeVar("T")

_KEPT: WeakKeyDictionary[nn.Module, tuple[Hashable, list[Tensor], Any]] = WeakKeyDictionary()


def cached(
    module: nn.Module, key: Hashable, parameters: Sequence[Tensor], work: Callable[[], T]
) -> T:
    """What `work()` gives for these parameters of a module and this key, kept in eval.

    It is worked out anew in training and where gradients are wanted, and for tensors that are not
    what they seem: a compiler's, a transformation's. A trace holds what was kept before it or,
    where nothing was, how it is worked out, and leaves nothing behind.

    A change of the parameters is seen, whether by an optimiser, by `load_state_dict`, or by another
    type or device; only a write through `.data` is not, as it is not by autograd, and a pass in
    training makes up for it. What is kept is in no state dict, no copy and no pickle.
    """
    if torch.compiler.is_compiling():
        return work()
    if module.training or any(map(_is_passing, parameters)):
        _KEPT.pop(module, None)
        return work()
    now = (key, *((p.untyped_storage()._cdata, p._version, p.dtype) for p in parameters))
    kept = _KEPT.get(module)
    if kept is None or kept[0] != now:
        if torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            return work()
        with torch.inference_mode(False), torch.no_grad():  # of use to later passes with gradients
            # and their memory is held, too: no other parameters may get it
            kept = _KEPT[module] = now, [p.detach() for p in parameters], work()
    made: T = kept[2]
    return made


def _is_passing(parameter: Tensor) -> bool:
    """Whether a gradient is wanted, or a tensor is no parameter that stays."""
    wanted = torch.is_grad_enabled() and parameter.requires_grad
    return wanted or type(parameter) is not nn.Parameter or parameter.is_inference()
