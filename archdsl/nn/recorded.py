"""Passes that a tool writes down, to run them later on other inputs."""

from __future__ import annotations

import warnings

import torch
from torch import Tensor


def recorded() -> bool:
    """Whether a compiler, an exporter or a tracer writes down what runs.

    What is chosen by the batch at hand would be chosen so for every other one.
    """
    return torch.compiler.is_compiling() or torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]


def sides(x: Tensor) -> tuple[int, int]:
    """Height and width of a (B, C, H, W) map: a record is of images of one size.

    A tracer has tensors in the place of lengths and warns of each that becomes a number.
    """
    if not torch.jit.is_tracing():  # type: ignore[attr-defined, no-untyped-call]
        return x.shape[2], x.shape[3]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # type: ignore[attr-defined]
        return int(x.shape[2]), int(x.shape[3])


def unbound(x: Tensor, dim: int) -> tuple[Tensor, ...]:
    """The slices of an axis. An exporter finds many operators in `unbind`, and one in each here."""
    if torch.compiler.is_exporting():
        return tuple(x.select(dim, number) for number in range(x.shape[dim]))
    return x.unbind(dim)


def regrouped(x: Tensor, *shape: int) -> Tensor:
    """(B, ...) to (B, *shape).

    An exporter would write a batch that it is given into the shape, by four operators; it is left
    to find it out.
    """
    return x.reshape(-1 if torch.compiler.is_exporting() else x.shape[0], *shape)
