"""A module as a program of torch.export that takes any number of images."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import torch
from torch import nn
from torch.export import Dim, ExportedProgram
from torch.overrides import TorchFunctionMode

from archdsl.compiler.network import Network
from archdsl.exporters.traced.quiet import quiet

BATCH = "batch"
"""The name of the axis of images, where a form names its axes."""

EXAMPLE = 13
"""Images that a module is traced with. Of a number that is also the length of another axis, torch
may take the two for one; of one image it takes the number to be fixed."""


def captured(
    module: nn.Module, network: Network, *, most: int | None = None, plain: bool = False
) -> ExportedProgram:
    """The program.

    most: images at a time that it is to take, None for any number
    plain: whether maps stay contiguous, for a runtime whose operators take no other memory
    """
    images = torch.zeros(EXAMPLE, *network.input)
    batch = Dim(BATCH, max=most)
    with quiet(), _Contiguous() if plain else nullcontext():
        return torch.export.export(module, (images,), dynamic_shapes=({0: batch},), strict=False)


class _Contiguous(TorchFunctionMode):
    """Maps that are to be laid channels-last are laid contiguously."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        if kwargs.get("memory_format") is torch.channels_last:
            kwargs["memory_format"] = torch.contiguous_format
        return func(*args, **kwargs)
