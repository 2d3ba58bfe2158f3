"""A small network for gates, with weights as a training leaves them, and its checked exports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import archdsl
from archdsl.compiler.builder import build
from archdsl.compiler.network import Network
from archdsl.exporters import Exported, exported
from archdsl.exporters.gate import drawn
from archdsl.exporters.wanted import Wanted
from tests.tools.models import filled

SPEC = {
    "archdsl": 1,
    "name": "tiny",
    "input": [3, 16, 16],
    "classes": 10,
    "stem": {"type": "conv", "kernel": 4, "stride": 4, "padding": 0, "norm": "layer_norm"},
    "downsample": {"type": "conv", "kernel": 2, "stride": 2, "padding": 0},
    "block": {
        "norm": "layer_norm",
        "token_mixer": {"type": "sep_conv", "kernel": 3},
        "channel_mixer": {"type": "mlp", "ratio": 1, "act": "gelu"},
        "layer_scale": 1.0,
    },
    "stages": [{"dim": 8, "depth": 1}, {"dim": 16, "depth": 2}],
}

NETWORK = archdsl.load(SPEC).network()


@torch.no_grad()
def weights(network: Network = NETWORK) -> dict[str, torch.Tensor]:
    """A state dict as a training leaves it: norms and scales that do something, and wide maps."""
    generator = torch.Generator().manual_seed(1)
    state = filled(build(network)).state_dict()
    for tensor in state.values():
        if tensor.ndim > 1 and tensor.is_floating_point():
            tensor.normal_(std=2 * tensor[0].numel() ** -0.5, generator=generator)
    return state


def checked(to: str, network: Network = NETWORK, say: Callable[[str], None] = print, **wanted: Any
            ) -> Exported:  # fmt: skip
    """An export in a form, compared with the model on drawn images."""
    given = Wanted(**{"weights": weights(network), **wanted})
    return exported(network, to, None, given, lambda: drawn(network), say)
