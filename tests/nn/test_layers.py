"""Layers of stems and downsamples: sizes, defaults, and their deployed forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.components.component import Component, component
from archdsl.nn.layers import Conv, RepDepthwise

Make = Callable[..., nn.Module]


def norm(name: str = "batch_norm") -> Component:
    return component("norm", name)


def act(name: str = "gelu") -> Component:
    return component("act", name)


def unsettle(module: nn.Module) -> nn.Module:
    """Batch norms that have seen something, weights away from their start, double precision."""
    module.double()
    for inner in module.modules():
        if isinstance(inner, nn.BatchNorm2d):
            inner.running_mean.normal_()
            inner.running_var.uniform_(0.5, 2)
    with torch.no_grad():
        for param in module.parameters():
            param.normal_()
    return module.eval()


WINDOWS = [
    (size, kernel, stride, padding)
    for size in ((32, 32), (33, 47), (7, 1))
    for kernel in (1, 2, 3, 4, 7)
    for stride in (1, 2, 4)
    for padding in (None, 0, 2)
    if min(size) + 2 * (kernel // 2 if padding is None else padding) >= kernel
]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), WINDOWS, ids=str)
def test_the_size_after_a_convolution_is_known_without_it(
    make: Make, size: tuple[int, int], kernel: int, stride: int, padding: int | None
) -> None:
    after = Conv.out_size(size, kernel, stride, padding)
    layer = make("layer", "conv", kernel=kernel, stride=stride, padding=padding)
    assert tuple(layer(torch.zeros(1, 8, *size)).shape[2:]) == after


@pytest.mark.parametrize("size", [(32, 32), (33, 47), (1, 1)])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_size_after_rep_depthwise_is_known_without_it(
    make: Make, size: tuple[int, int], stride: int
) -> None:
    layer = make("layer", "rep_depthwise", stride=stride)
    after = RepDepthwise.out_size(size, stride)
    assert tuple(layer.eval()(torch.zeros(1, 8, *size)).shape[2:]) == after


@pytest.mark.parametrize(
    ("options", "bias"),
    [
        ({}, True),
        ({"norm": norm("layer_norm")}, True),
        ({"pre_norm": norm("layer_norm")}, True),
        ({"norm": norm()}, False),
        ({"pre_norm": norm()}, False),
        ({"norm": norm(), "bias": True}, True),
        ({"bias": False}, False),
    ],
)
def test_a_convolution_has_a_bias_unless_a_batch_norm_of_its_own_has_one(
    make: Make, options: dict[str, Any], bias: bool
) -> None:
    layer = make("layer", "conv", kernel=3, **options)
    assert ("conv.bias" in layer.state_dict()) == bias


def test_norms_and_activation_stand_in_order(make: Make) -> None:
    layer = make(
        "layer", "conv", dim=8, dim_out=12, kernel=3, pre_norm=norm(), norm=norm("layer_norm"),
        act=act(),
    )  # fmt: skip
    unsettle(layer)
    assert isinstance(layer, Conv)
    x = torch.randn(2, 8, 6, 6, dtype=torch.float64)
    assert layer.pre_norm is not None
    assert layer.norm is not None
    expected = F.gelu(layer.norm(layer.conv(layer.pre_norm(x))))
    assert torch.equal(layer(x), expected)


FUSED: dict[str, tuple[str, dict[str, Any], type[nn.Module]]] = {
    "norm": ("conv", {"kernel": 3, "norm": norm()}, nn.Conv2d),
    "norm, with bias": ("conv", {"kernel": 3, "norm": norm(), "bias": True}, nn.Conv2d),
    "norm and act": ("conv", {"kernel": 3, "norm": norm(), "act": act()}, nn.Sequential),
    "grouped": ("conv", {"kernel": 3, "norm": norm(), "groups": 4, "stride": 2}, nn.Conv2d),
    "pre_norm": ("conv", {"kernel": 1, "pre_norm": norm()}, nn.Conv2d),
    "pre_norm without padding": (
        "conv",
        {"kernel": 2, "stride": 2, "padding": 0, "pre_norm": norm(), "bias": True},
        nn.Conv2d,
    ),
    "pre_norm before a padding stays": ("conv", {"kernel": 3, "pre_norm": norm()}, Conv),
    "pre_norm before groups stays": ("conv", {"kernel": 1, "pre_norm": norm(), "groups": 2}, Conv),
    "both norms": ("conv", {"kernel": 1, "pre_norm": norm(), "norm": norm()}, nn.Conv2d),
    "layer norm stays": ("conv", {"kernel": 3, "norm": norm("layer_norm")}, Conv),
    "two branches": ("rep_depthwise", {"kernel": 7}, nn.Conv2d),
    "two branches of other sides": (
        "rep_depthwise",
        {"kernel": 9, "small_kernel": 5, "stride": 2},
        nn.Conv2d,
    ),
    "residual": (
        "residual",
        {"of": component("layer", "conv", kernel=1, pre_norm=norm())},
        nn.Conv2d,
    ),
    "residual of a bare convolution": (
        "residual",
        {"of": component("layer", "conv", kernel=1, bias=False)},
        nn.Conv2d,
    ),
    "residual around an activation stays": (
        "residual",
        {"of": component("layer", "conv", kernel=1, norm=norm(), act=act())},
        nn.Module,
    ),
    "residual of a window stays": ("residual", {"of": component("layer", "conv", kernel=3)},
                                   nn.Module),
}  # fmt: skip


@pytest.mark.parametrize("case", FUSED.values(), ids=FUSED.keys())
def test_the_deployed_form_of_a_layer_has_the_same_outputs(
    make: Make, case: tuple[str, dict[str, Any], type[nn.Module]]
) -> None:
    name, options, form = case
    layer = unsettle(make("layer", name, dim=8, **options))
    before = {key: tensor.clone() for key, tensor in layer.state_dict().items()}
    x = torch.randn(2, 8, 9, 7, dtype=torch.float64)
    fused = archdsl.fuse(layer)
    assert isinstance(fused, form)
    torch.testing.assert_close(fused(x), layer(x), atol=1e-11, rtol=1e-11)
    assert not fused.training
    for key, tensor in layer.state_dict().items():  # the model itself is left as it is
        assert torch.equal(tensor, before[key])
    if form is not Conv and form is not nn.Module:
        assert not any(isinstance(m, nn.BatchNorm2d) for m in fused.modules())


def test_rep_depthwise_takes_each_channel_in_as_often_as_the_width_grows(make: Make) -> None:
    layer = unsettle(make("layer", "rep_depthwise", dim=4, dim_out=12, stride=2))
    x = torch.randn(1, 4, 9, 9, dtype=torch.float64)
    moved = x.clone()
    moved[:, 1] += 1
    changed = (layer(x) - layer(moved)).abs().sum(dim=(0, 2, 3)) > 0
    assert changed.nonzero().flatten().tolist() == [3, 4, 5]
    torch.testing.assert_close(archdsl.fuse(layer)(x), layer(x))


def test_fusing_uses_no_random_numbers(make: Make) -> None:
    layer = make("layer", "conv", kernel=3, norm=norm())
    before = torch.get_rng_state()
    archdsl.fuse(layer)
    assert torch.equal(torch.get_rng_state(), before)


def test_nothing_is_folded_across_layers() -> None:
    model = nn.Sequential(nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4))
    assert [type(m) for m in archdsl.fuse(model)] == [nn.Conv2d, nn.BatchNorm2d]


TEMPLATE = """
archdsl: 1
name: case
input: [3, 32, 32]
stem: {{type: conv, kernel: 4, stride: 4, padding: 0}}
downsample: {layer}
block: {{token_mixer: pooling}}
stages: [{{dim: 16, depth: 1}}, {{dim: 32, depth: 1}}]
"""
WIDEN = "{type: conv, kernel: 1}"

REFUSED = {
    "groups that do not divide": (
        "{type: conv, kernel: 3, groups: 3}",
        "{type: conv, kernel: 3, groups: 4}",
        "conv cannot split 16 channels in and 32 out into 3 groups",
    ),
    "groups of a norm that do not divide": (
        "{type: conv, kernel: 3, norm: {type: group_norm, groups: 5}}",
        "{type: conv, kernel: 3, norm: {type: group_norm, groups: 8}}",
        "conv has group_norm on 32 channels, which it cannot split into 5 groups",
    ),
    "a residual that narrows the map": (
        f"[{WIDEN}, {{type: residual, of: {{type: conv, kernel: 3, stride: 2}}}}]",
        f"[{WIDEN}, {{type: residual, of: {{type: conv, kernel: 3}}}}]",
        "residual adds a layer to its input, and conv turns 8x8 into 4x4",
    ),
    "a residual that changes the width": (
        "{type: residual, of: {type: conv, kernel: 1}}",
        f"[{WIDEN}, {{type: residual, of: {{type: conv, kernel: 1}}}}]",
        "residual adds a layer to its input, and its input has 16 channels, not 32",
    ),
    "softmax after a convolution": (
        "{type: conv, kernel: 3, act: softmax}",
        "{type: conv, kernel: 3, act: sigmoid}",
        "conv activates each element by itself, and softmax compares elements",
    ),
    "a width that channels cannot make": (
        "[{type: rep_depthwise, dim: 40}, {type: conv, kernel: 1}]",
        "[{type: rep_depthwise, dim: 48}, {type: conv, kernel: 1}]",
        "rep_depthwise cannot make 40 channels from 16, each taken equally often",
    ),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_a_layer_that_does_not_fit_is_refused_with_the_reason(case: tuple[str, str, str]) -> None:
    bad, good, words = case
    with pytest.raises(archdsl.errors.SpecError) as caught:
        archdsl.loads(TEMPLATE.format(layer=bad))
    assert words in str(caught.value)
    assert caught.value.cure
    archdsl.build(archdsl.loads(TEMPLATE.format(layer=good)))
