"""The deployed form of a model: branches and a layer's own batch norm folded."""

from __future__ import annotations

import copy

from torch import nn


def fuse(model: nn.Module) -> nn.Module:
    """A copy of a model in its deployed form, in eval.

    Depth first, each module that defines `fused() -> nn.Module` is replaced by what that
    returns: a module of the same outputs in eval. Nothing is folded across layers.
    """
    return _replaced(copy.deepcopy(model).eval()).eval()


def _replaced(module: nn.Module) -> nn.Module:
    for name, child in module.named_children():
        setattr(module, name, _replaced(child))
    made = getattr(module, "fused", None)
    return module if made is None else made()
