"""Vectors of length one, and tensors of one type, by few operators."""

from __future__ import annotations

import torch
from torch import Tensor


def unit(x: Tensor) -> Tensor:
    """Each vector along the last axis divided by its length, as `F.normalize` does.

    The lengths are broadcast and not expanded: an operator less for whoever counts operators.
    """
    length: Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True)
    return x / length.clamp_min(1e-12)


def typed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """A tensor in a type, itself if it has it: an exporter writes down a change that is none."""
    return x if x.dtype == dtype else x.to(dtype)
