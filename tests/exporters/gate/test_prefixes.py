"""A network up to each layer: a network, whose tensors have the names of the whole."""

from __future__ import annotations

import pytest
import torch

import archdsl
from archdsl.compiler.builder import build
from archdsl.compiler.network import Network
from archdsl.exporters.gate.prefixes import inside, prefixes
from archdsl.exporters.traced.module import weighted
from tests.exporters.gate.networks import NETWORK, weights
from tests.tools.models import small

MIXERS = """
archdsl: 1
name: several
input: [3, 16, 16]
classes: 10
stem: [{type: conv, kernel: 4, stride: 4, padding: 0}, {type: conv, kernel: 1}]
block: {norm: layer_norm, token_mixer: [pooling, sep_conv], channel_mixer: mlp, res_scale: 1}
stages: [{dim: 8, depth: 1, pos_embed: learned}]
out_norm: layer_norm
"""


def networks() -> dict[str, Network]:
    return {
        "tiny": NETWORK,
        "several": archdsl.loads(MIXERS).network(),
        "deit": small("deit_tiny").network(),
        "identity": small("identityformer_s12").network(),
        "others": small("others").network(),
    }


@pytest.mark.parametrize("name", ["tiny", "several", "deit", "others"])
def test_a_prefix_says_what_the_whole_computes_up_to_there(name: str) -> None:
    network = networks()[name]
    state = weights(network)
    whole = weighted(network, state).eval()
    images = torch.randn(2, *network.input)
    outputs: dict[str, torch.Tensor] = {}
    for address, module in whole.named_modules():
        module.register_forward_hook(
            lambda module, x, y, address=address: outputs.update({address: y})  # type: ignore[misc]
        )
    with torch.no_grad():
        whole(images)
        known = prefixes(network)
        for prefix in known:
            part = weighted(prefix.network, state).eval()
            assert set(part.state_dict()) <= set(whole.state_dict())
            if prefix.branch is None and prefix.address in outputs and prefix.address != "head":
                y = part(images)
                assert torch.equal(y.flatten(), outputs[prefix.address].flatten())
    blocks = [block for block in network.blocks() if block.branches]
    assert sum(prefix.branch is not None for prefix in known) == sum(
        len(block.branches) for block in blocks
    )
    assert known[-1].network == network or network.head is None


@pytest.mark.parametrize("name", ["tiny", "several", "others"])
def test_the_parts_of_a_branch_end_with_the_branch(name: str) -> None:
    network = networks()[name]
    state = weights(network)
    images = torch.randn(2, *network.input)
    for prefix in prefixes(network):
        parts = list(inside(prefix))
        assert bool(parts) == (prefix.branch is not None)
        if parts:
            last = build(parts[-1].network)
            assert list(last.state_dict()) == list(build(prefix.network).state_dict())
            with torch.no_grad():
                one, other = (
                    weighted(each.network, state).eval()(images) for each in (parts[-1], prefix)
                )
            assert torch.equal(one, other)


def test_every_layer_is_named_once() -> None:
    network = networks()["several"]
    named = [part.address for prefix in prefixes(network) for part in inside(prefix)]
    named += [prefix.address for prefix in prefixes(network) if prefix.branch is None]
    layers = {layer.address for layer in network.layers()}
    assert layers <= set(named)
    assert len(named) == len(set(named))
    assert {address for address in named if address not in layers} == {
        "stages.0.blocks.0.res_scale1",
        "stages.0.blocks.0.res_scale2",
    }
