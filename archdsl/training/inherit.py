"""Weights that a training begins with and that another network was trained to."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from archdsl.compiler.alike import tensors_of
from archdsl.compiler.network import Network


def inherit(model: nn.Module, network: Network, source: Network, weights: Path) -> None:
    """Give a model of `network` the tensors that it has in common with `source`.

    Same address, same component, same shape; all others stay as they are.

    weights: of a model of `source`
    """
    from safetensors import safe_open

    own = model.state_dict()
    with torch.no_grad(), safe_open(weights, framework="pt") as file:
        for name in tensors_of(network).alike(tensors_of(source)):
            own[name].copy_(file.get_tensor(name))
