"""The module that leaves: a network with weights, whole or as maps of stages, deployed or not."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from archdsl.compiler.backbone import Backbone
from archdsl.compiler.builder import Built, build
from archdsl.compiler.network import Network
from archdsl.exporters.wanted import Wanted
from archdsl.nn.fuse import fuse

SEED = 0
"""Of the weights of a network that comes without any."""


def module_of(network: Network, wanted: Wanted) -> nn.Module:
    """The module in eval, as it is asked for.

    Raises BuildError for stages that are not there.
    """
    model: nn.Module = weighted(network, wanted.weights)
    if wanted.fused:
        model = fuse(model)
    if wanted.features is not None:
        assert isinstance(model, Built), "a deployed form is a copy of the whole model"
        model = Backbone(model, wanted.features)
    return model.eval()


def weighted(network: Network, weights: Mapping[str, Tensor] | None) -> Built:
    """The model with a state dict, that of its deployed form as well; fresh from `SEED` for None.

    What a state dict has beside the names of the network is left out.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = build(network)
    if weights is None:
        return model
    if not set(model.state_dict()) <= set(weights):
        model = _deployed(model)
    model.load_state_dict({name: weights[name] for name in model.state_dict()})
    return model


def _deployed(model: Built) -> Built:
    found = fuse(model)
    assert isinstance(found, Built), "what is deployed of a model are its layers"
    return found
