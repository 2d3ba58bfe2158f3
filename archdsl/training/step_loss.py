"""The loss in what a training step returned."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor


def loss_of(outputs: object) -> Tensor | None:
    """The loss; None of a module that steps by itself and returns none."""
    loss = outputs.get("loss") if isinstance(outputs, Mapping) else outputs
    return loss if isinstance(loss, Tensor) else None
