"""The cost of a whole model by other means than archdsl.cost, and sharing no code with it.

The model is built whole on the meta device, in eval and in its deployed form; torch's own
FlopCounterMode watches one forward pass through the dispatcher. It counts two FLOPs a MAC.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.compiler.builder import build
from archdsl.compiler.network import Network


@dataclass(frozen=True)
class Whole:
    """What one forward pass of the whole model at batch 1 shows.

    shapes: address -> (input, output) shape without the batch axis, for every module
    """

    macs: int
    params: int
    train_params: int
    shapes: dict[str, tuple[tuple[int, ...], tuple[int, ...]]]


def whole(network: Network) -> Whole:
    """Build the network, run it once on nothing, and read what happened."""
    with torch.device("meta"):
        model = build(network).eval()
        x = torch.empty(1, *network.input)
    train_params = sum(p.numel() for p in model.parameters())
    model = archdsl.fuse(model)
    shapes = {}

    def note(address):
        def hook(module, inputs, output):
            shapes[address] = (tuple(inputs[0].shape[1:]), tuple(output.shape[1:]))

        return hook

    for address, module in model.named_modules():
        module.register_forward_hook(note(address))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(x)
    flops = counter.get_total_flops()
    assert flops % 2 == 0
    params = sum(p.numel() for p in model.parameters())
    return Whole(flops // 2, params, train_params, shapes)
