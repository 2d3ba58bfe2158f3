"""Networks to modules: the same every time, and in words where it fails."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl import Act, Norm, Odd
from archdsl.api import unproven
from archdsl.compiler.builder import build, build_layer, factory
from archdsl.compiler.network import Layer
from archdsl.components.component import component
from archdsl.components.registry import register
from archdsl.errors import BuildError
from archdsl.nn.norms import LayerNorm

NAME = "poolformer_s12"


def test_a_seed_gives_the_same_weights_every_time() -> None:
    states = []
    for seed in (1, 1, 2):
        torch.manual_seed(seed)
        states.append(archdsl.build(NAME).state_dict())
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_weights_start_as_those_of_the_published_models() -> None:
    torch.manual_seed(0)
    model = archdsl.build(NAME)
    fc1 = model.get_submodule("stages.2.blocks.3.channel_mixer.fc1")
    assert fc1.weight.std().item() == pytest.approx(0.02, rel=0.02)
    assert not fc1.bias.any()
    stem = model.get_submodule("stem.0.conv")  # bare: uniform up to 1 / sqrt(fan in)
    assert stem.weight.abs().max().item() == pytest.approx((3 * 49) ** -0.5, rel=0.01)
    classifier = model.get_submodule("head.classifier")
    assert classifier.weight.std().item() == pytest.approx(0.02, rel=0.02)
    norm = model.get_submodule("stages.0.blocks.0.norm1")
    assert torch.equal(norm.weight, torch.ones(64))
    scale = model.get_submodule("stages.0.blocks.0.layer_scale1")
    assert torch.equal(scale.scale, torch.full((64,), 1e-5))


def test_a_convolution_with_a_norm_starts_small() -> None:
    torch.manual_seed(0)
    part = component("layer", "conv", kernel=3, norm=component("norm", "batch_norm"))
    layer = build_layer(Layer("x", part, (("dim_in", 64), ("dim_out", 64)), (64, 8, 8),
                              (64, 8, 8)))  # fmt: skip
    assert layer.get_submodule("conv").weight.std().item() == pytest.approx(0.02, rel=0.05)


def test_a_mixer_of_tokens_alone_is_a_layer_of_maps() -> None:
    part = component("token_mixer", "attention", head_dim=4)
    layer = build_layer(Layer("x", part, (("dim", 8),), (8, 3, 5), (8, 3, 5)))
    assert layer(torch.randn(2, 8, 3, 5)).shape == (2, 8, 3, 5)


def test_components_among_the_options_arrive_as_factories() -> None:
    class Probe(nn.Module):
        def __init__(
            self,
            dim: int,
            size: tuple[int, int],
            *,
            act: Act = nn.GELU,
            norm: Norm | None = None,
            kernels: list[Odd] = [3],  # noqa: B006
            norms: list[Norm] = [],  # noqa: B006
        ) -> None:
            super().__init__()
            self.got: dict[str, Any] = {
                "size": size,
                "act": act(),
                "norm": None if norm is None else norm(dim),
                "kernels": kernels,
                "norms": [each(dim) for each in norms],
            }

    register("token_mixer", "probe", Probe)
    layer_norm = component("norm", "layer_norm", eps=0.5)
    part = component("token_mixer", "probe", norm=layer_norm, kernels=(3, 5), norms=(layer_norm,))
    made = build_layer(Layer("x", part, (("dim", 8), ("size", (3, 5))), (8, 3, 5), (8, 3, 5)))
    assert isinstance(made, Probe)
    assert made.got["size"] == (3, 5)
    assert isinstance(made.got["act"], nn.GELU)
    assert isinstance(made.got["norm"], LayerNorm)
    assert made.got["norm"].eps == 0.5
    assert made.got["kernels"] == [3, 5]
    assert [norm.eps for norm in made.got["norms"]] == [0.5]


def test_a_component_without_options_is_made_by_its_class_alone() -> None:
    assert factory(component("act", "gelu")) is nn.GELU


def test_a_constructor_that_fails_is_named_with_its_address() -> None:
    class Fails(nn.Module):
        def __init__(self, dim: int) -> None:
            super().__init__()
            raise ValueError(f"no weights for {dim}")

    register("token_mixer", "fails", Fails)
    spec = unproven(
        {
            "archdsl": 1,
            "name": "case",
            "input": [3, 32, 32],
            "stem": {"type": "conv", "kernel": 4, "stride": 4, "padding": 0},
            "block": {"token_mixer": "fails"},
            "stages": [{"dim": 16, "depth": 1}],
        }
    )
    with pytest.raises(BuildError) as caught:
        build(spec.network())
    assert str(caught.value) == (
        "stages.0.blocks.0.token_mixer: fails cannot be made with dim = 16: "
        "ValueError: no weights for 16"
    )


def test_a_fused_copy_leaves_the_model_as_it_was() -> None:
    model = archdsl.build("poolformer_s12").train()
    before = copy.deepcopy(model.state_dict())
    fused = archdsl.fuse(model)
    assert model.training
    assert not fused.training
    assert list(fused.state_dict()) == list(before)  # nothing to fold in a PoolFormer
    assert all(torch.equal(model.state_dict()[name], before[name]) for name in before)
