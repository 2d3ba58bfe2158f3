"""Work on parameters alone, done once in eval."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn

Tensors = tuple[Tensor, ...]


class CachesInEval(nn.Module):
    """A module that keeps, in eval, what it worked out from parameters that have not changed.

    A change is seen, whether by an optimiser, by `load_state_dict`, or by another type or device;
    only a write through `.data` is not, as it is not by autograd, and training makes up for it.
    What is kept is in no state dict, no copy and no pickle.
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: tuple[Hashable, Sequence[Tensor], Tensors] | None = None

    def cached(
        self, key: Hashable, parameters: Sequence[Tensor], work: Callable[[], Tensors]
    ) -> Tensors:
        """What `work()` gives for these parameters and this key.

        It is worked out anew in training and where gradients are wanted, and for tensors that are
        not what they seem: a compiler's, a transformation's. A trace holds what was kept before it
        or, where nothing was, how it is worked out, and leaves nothing behind.
        """
        if (
            self.training
            or torch.compiler.is_compiling()
            or any(type(p) is not nn.Parameter or p.is_inference() for p in parameters)
            or (torch.is_grad_enabled() and any(p.requires_grad for p in parameters))
        ):
            return work()
        now = (key, *((id(p), p._version, p.dtype, p.device) for p in parameters))
        kept = self._kept
        if kept is not None and kept[0] == now:
            return kept[2]
        if torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
            return work()
        with torch.inference_mode(False), torch.no_grad():  # of use to later passes with gradients
            made = work()
        self._kept = now, parameters, made  # the parameters, too: no other may get their id
        return made

    def train(self, mode: bool = True) -> Self:
        """Train, or evaluate."""
        if mode != self.training:
            self._kept = None
        return super().train(mode)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        self._kept = None
        applied: Self = super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return applied

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": None}
