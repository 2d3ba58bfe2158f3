"""How tensors lie in memory: contiguous, but for kernels while a network is trained."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


@contextmanager
def channels_last_convolutions(model: nn.Module) -> Iterator[None]:
    """Inside, convolution weights lie channels-last, as the maps do; afterwards contiguous again.

    Only those of `nn.Conv2d` itself and of archdsl's own subclasses: what another module does
    with a tensor of four axes may depend on its strides. Optimisers are best made inside, because
    their state lies as the weights do that they find.
    """
    weights = kernels(model)
    for weight in weights:
        weight.data = laid(weight.data, torch.channels_last)
    try:
        yield
    finally:
        for weight in weights:
            weight.data = laid(weight.data, torch.contiguous_format)


def kernels(model: nn.Module) -> list[nn.Parameter]:
    """The weights of a model's plain convolutions, each once."""
    found = {
        weight: None
        for module in model.modules()
        if type(module) is nn.Conv2d
        or (isinstance(module, nn.Conv2d) and type(module).__module__.startswith("archdsl.nn."))
        if isinstance(weight := module._parameters.get("weight"), nn.Parameter)
    }
    return list(found)


def laid(x: Tensor, memory_format: torch.memory_format) -> Tensor:
    """A (out, in, H, W) tensor in a memory format, with that format's own strides.

    What lies so is not copied, but axes of length 1 have any stride then, and gradients and
    DDP's buckets are compared with theirs stride by stride.
    """
    _, channels, height, width = x.shape
    if memory_format is torch.channels_last:
        strides = (channels * height * width, 1, width * channels, channels)
    else:
        strides = (channels * height * width, height * width, width, 1)
    if x.is_contiguous(memory_format=memory_format):
        return x.as_strided(x.shape, strides)
    return x.contiguous(memory_format=memory_format)


def like(state: Tensor, parameter: Tensor) -> Tensor:
    """A tensor of a parameter's shape with the parameter's strides."""
    if state.shape != parameter.shape or state.stride() == parameter.stride():
        return state
    return torch.empty_like(parameter, dtype=state.dtype, device=state.device).copy_(state)
