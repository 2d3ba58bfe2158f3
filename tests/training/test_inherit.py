"""The tensors that a network has in common with another, and begins with."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import archdsl
from archdsl.compiler.alike import tensors_of
from archdsl.compiler.builder import Built, build
from archdsl.compiler.network import Network
from archdsl.training.inherit import inherit
from tests.study.conftest import TINY

IMPORTED = """
import torch
from torch import nn

import archdsl


@archdsl.token_mixer("raised_to")
class Scaled(nn.Module):
    def __init__(self, dim: int, *, power: int = 1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(dim, 1, 1))
        self.power = power

    def forward(self, x):
        return x * self.weight**self.power
"""


def network(**answers: object) -> Network:
    given = {"params.width": 8, "stages.0.depth": 1, "stages.1.depth": 2,
             "stages.0.token_mixer": "sep_conv", "stages.0.token_mixer.sep_conv.kernel": 3,
             "stages.1.token_mixer": "pooling"}  # fmt: skip
    space = archdsl.space(archdsl.loads(TINY))
    return space.member({k: v for k, v in (given | answers).items() if v is not None}).network()


def trained(of: Network, path: Path) -> dict[str, torch.Tensor]:
    """Weights that no network begins with, in a file."""
    state = {name: torch.full_like(value, 7) for name, value in build(of).state_dict().items()}
    save_file(state, path)
    return state


def taken(model: Built) -> set[str]:
    return {name for name, value in model.state_dict().items() if bool((value == 7).all())}


def test_what_is_alike_is_taken_and_the_rest_stays_as_drawn(tmp_path) -> None:
    one, other = (
        network(),
        network(**{"stages.0.token_mixer.sep_conv.kernel": 5, "stages.1.depth": 1}),
    )
    trained(other, tmp_path / "w")
    model = build(one)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    inherit(model, one, other, tmp_path / "w")
    names = taken(model)
    assert "stages.1.blocks.0.channel_mixer.fc1.weight" in names
    assert "head.classifier.weight" in names
    fresh = before.keys() - names
    assert "stages.1.blocks.1.channel_mixer.fc1.weight" in fresh  # no such block
    mixer = "stages.0.blocks.0.token_mixer."
    assert {name for name in before if name.startswith(mixer)} <= fresh  # another kernel
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in fresh)


def test_another_shape_or_component_at_an_address_is_not_taken(tmp_path) -> None:
    own = tensors_of(network())
    assert own.parameters_in(own) == own.parameters
    assert own.parameters == sum(p.numel() for p in build(network()).parameters())
    wide = own.alike(tensors_of(network(**{"params.width": 16})))
    act = "stages.0.blocks.0.token_mixer.act"
    assert wide == [f"{act}.scale", f"{act}.bias", "head.classifier.bias"]
    pooled = tensors_of(network(**{"stages.0.token_mixer": "pooling",
                                   "stages.0.token_mixer.sep_conv.kernel": None}))  # fmt: skip
    assert 0 < own.parameters_in(pooled) < own.parameters
    assert pooled.parameters_in(own) == pooled.parameters


def test_components_of_ones_own_are_told_by_their_name_and_options(tmp_path) -> None:
    (tmp_path / "own.py").write_text(IMPORTED)
    text = TINY.replace("name: tiny\n", "name: tiny\nimports: [./own.py]\n", 1)
    text = text.replace("- identity\n", "- {type: raised_to, power: {choice: [1, 2]}}\n", 1)
    path = tmp_path / "own.yaml"
    path.write_text(text)
    space = archdsl.space(path)

    def of(power: int) -> Network:
        answers = {"params.width": 8, "stages.0.depth": 1, "stages.1.depth": 1,
                   "stages.0.token_mixer": "raised_to",
                   "stages.0.token_mixer.raised_to.power": power,
                   "stages.1.token_mixer": "pooling"}  # fmt: skip
        return space.member(answers).network()

    weight = "stages.0.blocks.0.token_mixer.weight"
    for power, is_taken in ((1, True), (2, False)):
        trained(of(power), tmp_path / "w")
        model = build(of(1))
        inherit(model, of(1), of(power), tmp_path / "w")
        assert (weight in taken(model)) is is_taken


@pytest.mark.parametrize("norm", ["batch_norm", "layer_norm"])
def test_running_statistics_go_with_their_norm(tmp_path, norm) -> None:
    spec = archdsl.loads(TINY, set={"block.norm": norm})
    own = archdsl.space(spec).default().network()
    state = trained(own, tmp_path / "w")
    model = build(own)
    inherit(model, own, own, tmp_path / "w")
    assert taken(model) == state.keys()
