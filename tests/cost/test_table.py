"""A network's cost: rows by address, each distinct layer measured once, sums that are exact."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

import archdsl
from archdsl.amounts import named
from archdsl.compiler.network import Block, Branch, Network, Stage
from archdsl.components import registry
from archdsl.components.component import component
from archdsl.cost import Cost, LayerCost, count, layer_cost, table
from archdsl.errors import CountError
from tests.cost.single import ADDRESS, single


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch, tmp_path):
    monkeypatch.setattr(table, "_known", {})
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path))


@pytest.fixture
def measured(monkeypatch):
    """The addresses of the layers that were measured."""
    addresses = []
    measure = table._measured

    def noting(layer):
        addresses.append(layer.address)
        return measure(layer)

    monkeypatch.setattr(table, "_measured", noting)
    return addresses


def tiny(*, layer_scale=None, res_scale=None, class_token=False, **options):
    """A network of one stage with two blocks of attention and an MLP at 4x4."""
    stem = single(component("layer", "conv", kernel=4, stride=4, padding=0), (3, 16, 16), dim_out=8)
    shape = (8, 17, 1) if class_token else (8, 4, 4)

    def branch(role, index, kind, name, at, **options):
        made = single(component(kind, name, **options), shape)
        norm = single(component("norm", "layer_norm"), shape)
        return Branch(
            role, index, replace(norm, address=f"{at}.norm{index}"),
            (replace(made, address=f"{at}.{kind}"),), layer_scale, res_scale, 0.0,
        )  # fmt: skip

    blocks = tuple(
        Block(at, shape, (
            branch("token", 1, "token_mixer", "attention", at, head_dim=4),
            branch("channel", 2, "channel_mixer", "mlp", at, ratio=2),
        ))
        for at in ("stages.0.blocks.0", "stages.0.blocks.1")
    )  # fmt: skip
    stage = Stage("stages.0", (), None, blocks, None, 8, shape, 1)
    head = replace(single(component("head", "linear"), shape), address="head")
    return Network(
        "tiny", (3, 16, 16), 10, class_token, (replace(stem, address="stem.0"),), (stage,), head
    )


def test_rows_stand_in_the_order_of_the_forward_pass():
    assert list(count(tiny(layer_scale=1e-5, res_scale=1.0)).by_address) == [
        "stem.0",
        *(
            f"stages.0.blocks.{block}.{part}"
            for block in (0, 1)
            for part in (
                "norm1", "token_mixer", "layer_scale1", "res_scale1",
                "norm2", "channel_mixer", "layer_scale2", "res_scale2",
            )
        ),
        "head",
    ]  # fmt: skip


def test_the_totals_are_the_sums_of_the_rows():
    cost = count(tiny())
    n, c = 16, 8
    attention = n * 4 * c * c + 2 * n * n * c
    assert cost.macs == n * c * 48 + 2 * (attention + n * 4 * c * c) + c * 10
    assert cost.params == cost.train_params == sum(r.params for r in cost.by_address.values())
    assert cost.params == (48 * 8 + 8) + 2 * (4 * 64 + 4 * 64 + 24 + 2 * 16) + 90


def test_activations_are_the_most_of_any_one_layer():
    cost = count(tiny())
    assert cost.by_address["stem.0"].activations == 3 * 16 * 16 + 8 * 4 * 4
    assert cost.activations == 3 * 16 * 16 + 8 * 4 * 4


def test_a_scale_is_a_parameter_for_each_channel():
    plain, scaled = count(tiny()), count(tiny(layer_scale=0.1))
    assert scaled.params == plain.params + 2 * 2 * 8
    assert scaled.macs == plain.macs
    assert scaled.by_address["stages.0.blocks.1.layer_scale2"] == LayerCost(
        0, 8, 8, (8, 4, 4), (8, 4, 4)
    )


def test_a_class_token_is_one_position_more():
    cost = count(tiny(class_token=True))
    assert cost.by_address["class_token"] == LayerCost(0, 8, 8, (8, 4, 4), (8, 17, 1))
    assert cost.by_address["stages.0.blocks.0.channel_mixer"].macs == 17 * 4 * 64


def test_equal_layers_are_measured_once(measured):
    count(tiny())
    assert measured == [
        "stem.0",
        "stages.0.blocks.0.norm1",
        "stages.0.blocks.0.token_mixer",
        "stages.0.blocks.0.channel_mixer",
        "head",
    ]
    count(tiny())
    assert len(measured) == 5


def test_other_options_or_another_shape_are_measured_again(measured):
    layers = [
        single(component("token_mixer", "sep_conv", kernel=kernel), shape)
        for kernel in (3, 5)
        for shape in ((8, 4, 4), (8, 4, 5), (16, 4, 4))
    ]
    assert len({layer_cost(layer).macs for layer in layers + layers}) == 6
    assert len(measured) == 6


def test_what_is_remembered_is_bounded(measured, monkeypatch):
    monkeypatch.setattr(table, "REMEMBERED", 2)
    monkeypatch.setattr(table, "stored", lambda key: None)
    layers = [single(component("norm", "layer_norm"), (dim, 4, 4)) for dim in (8, 16, 24)]
    for layer in (*layers, *layers[::-1]):
        layer_cost(layer)
    assert len(table._known) == 2
    assert len(measured) == 4  # the oldest is measured again


def test_a_component_that_is_registered_again_is_counted_again():
    def define(kernel):
        class Mine(nn.Module):
            def __init__(self, dim):
                super().__init__()
                self.conv = nn.Conv2d(dim, dim, kernel, padding="same", groups=dim)

            def forward(self, x):
                return self.conv(x)

        Mine.__module__ = registry.IMPORTED + "mine"
        return registry.token_mixer("mine")(Mine)

    define(3)
    assert layer_cost(single(component("token_mixer", "mine"), (8, 4, 4))).macs == 16 * 8 * 9
    define(5)
    assert layer_cost(single(component("token_mixer", "mine"), (8, 4, 4))).macs == 16 * 8 * 25


def test_a_nested_component_that_is_registered_again_is_counted_again():
    def define(size):
        class Mine(nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = nn.Parameter(torch.ones(size))

            def forward(self, x):
                return x * self.scale.mean()

        Mine.__module__ = registry.IMPORTED + "mine"
        registry.act("my_act")(Mine)
        return single(component("channel_mixer", "mlp", act=component("act", "my_act")), (8, 4, 4))

    assert layer_cost(define(5)).params - layer_cost(define(1)).params == 4


def test_a_rule_that_is_registered_changes_the_count():
    @registry.token_mixer("running_product")
    class RunningProduct(nn.Module):
        def forward(self, x):
            return x.cumprod(1)

    layer = single(component("token_mixer", "running_product"), (8, 4, 4))
    with pytest.raises(CountError, match=rf"^{ADDRESS}: aten::cumprod has no counting rule"):
        layer_cost(layer)
    archdsl.macs("aten::cumprod")(lambda inputs, outputs: 11)
    assert layer_cost(layer).macs == 11


def test_what_the_depth_changes_without_changing_the_cost_is_counted():
    @registry.token_mixer("alternating")
    class Alternating(nn.Module):
        def __init__(self, depth_index):
            super().__init__()
            self.axis = 2 + depth_index % 2

        def forward(self, x):
            return x.roll(1, self.axis)

    rows = {
        layer_cost(single(component("token_mixer", "alternating"), (8, 4, 4), depth_index=index))
        for index in range(3)
    }
    assert rows == {LayerCost(0, 0, 0, (8, 4, 4), (8, 4, 4))}


def test_a_cost_that_hangs_on_the_depth_is_refused():
    @registry.token_mixer("growing")
    class Growing(nn.Module):
        def __init__(self, dim, depth_index):
            super().__init__()
            self.conv = nn.Conv2d(dim, dim, 1 + 2 * depth_index, padding="same")

        def forward(self, x):
            return self.conv(x)

    made = component("token_mixer", "growing")
    assert layer_cost(single(made, (8, 4, 4), depth_index=0)).macs == 16 * 64
    with pytest.raises(CountError) as caught:
        layer_cost(single(made, (8, 4, 4), depth_index=2))
    assert str(caught.value) == (
        f"{ADDRESS}: growing does not cost the same in every block, and a cost depends on options "
        "and shapes alone.  make what changes an option"
    )


def test_a_layer_that_gives_another_shape_than_the_network_says():
    @registry.token_mixer("halving")
    class Halving(nn.Module):
        def forward(self, x):
            return x[:, :, ::2]

    with pytest.raises(CountError) as caught:
        layer_cost(single(component("token_mixer", "halving"), (8, 4, 4)))
    assert str(caught.value) == (f"{ADDRESS}: halving gives 8x2x4 where the network expects 8x4x4")


def test_an_error_inside_tokens_has_the_address_of_the_module():
    @registry.token_mixer("token_sum")
    class TokenSum(nn.Module):
        tokens = True

        def __init__(self, dim):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(dim, dim), Cumprod())

        def forward(self, x):
            return self.inner(x)

    class Cumprod(nn.Module):
        def forward(self, x):
            assert x.ndim == 3
            return x.cumprod(1)

    with pytest.raises(CountError, match=rf"^{ADDRESS}\.inner\.1: aten::cumprod"):
        layer_cost(single(component("token_mixer", "token_sum"), (8, 4, 4)))


def test_a_cost_prints_without_its_rows():
    assert repr(Cost(named((1, 2, 3, 4)), {})) == (
        "Cost(macs=1, params=2, train_params=3, activations=4)"
    )
