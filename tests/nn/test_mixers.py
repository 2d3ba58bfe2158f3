"""What every mixer does, and what each one computes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from archdsl.components import registry
from archdsl.components.component import component

Make = Callable[..., nn.Module]

DIM = 8
SIZES = [(4, 4), (6, 8), (5, 7), (1, 1)]


def mixers() -> dict[str, tuple[str, str, dict[str, Any]]]:
    def key(name: str, **options: Any) -> Any:
        return component("key", name, **options)

    def value(name: str, **options: Any) -> Any:
        return component("value", name, **options)

    def act(name: str) -> Any:
        return component("act", name)

    out = component("out", "pointwise")
    static = {"key": key("depthwise"), "value": value("depthwise")}
    wide = {"key": key("pointwise", ratio=2), "value": value("pooling"), "out": out}
    rep = {"key": key("rep_depthwise"), "value": value("rep_depthwise")}
    dynamic = {"key": key("dynamic", head_dim=4), "value": value("dynamic")}
    cases = [
        ("token_mixer", "pooling", {}),
        ("token_mixer", "pooling", {"kernel": 5}),
        ("token_mixer", "identity", {}),
        ("token_mixer", "sep_conv", {}),
        ("token_mixer", "sep_conv", {"kernel": 3, "ratio": 1.5, "bias": True, "act": act("gelu")}),
        ("token_mixer", "depthwise", {}),
        ("token_mixer", "depthwise", {"kernel": 7, "bias": False}),
        ("token_mixer", "aggregated_attention", {"head_dim": 4}),
        (
            "token_mixer",
            "aggregated_attention",
            {"head_dim": 8, "window": 5, "pool": 3, "bias": False, "interpolate_from": 6},
        ),
        ("token_mixer", "cosine_attention", {"head_dim": 4}),
        ("token_mixer", "cosine_attention", {"head_dim": 8, "bias": False, "pretrain_size": 7}),
        ("token_mixer", "attention", {"head_dim": 4}),
        ("token_mixer", "attention", {"head_dim": 8, "qkv_bias": True, "proj_bias": True}),
        ("token_mixer", "random", {}),
        ("token_mixer", "spatial_mlp", {}),
        ("token_mixer", "spatial_mlp", {"ratio": 2, "bias": False}),
        ("token_mixer", "spatial_mlp", {"ratio": None}),
        ("token_mixer", "window_attention", {"head_dim": 4, "window": 3}),
        (
            "token_mixer",
            "window_attention",
            {"head_dim": 8, "window": 2, "shift": None, "qkv_bias": False, "proj_bias": False},
        ),
        ("token_mixer", "meta_mixer", static),
        ("token_mixer", "meta_mixer", {**wide, "act": act("star_relu")}),
        ("token_mixer", "meta_mixer", {**rep, "query": component("query", "rep_depthwise")}),
        ("token_mixer", "meta_mixer", {**dynamic, "act": act("softmax")}),
        ("token_mixer", "meta_mixer", {**dynamic, "act": act("relu"), "out": out}),
        ("channel_mixer", "meta_mixer", {"key": key("pointwise"), "value": value("pointwise")}),
        ("channel_mixer", "mlp", {}),
        ("channel_mixer", "mlp", {"ratio": 0.5, "act": act("star_relu"), "bias": False}),
        ("channel_mixer", "glu", {}),
        ("channel_mixer", "glu", {"ratio": 1.5, "act": act("silu"), "bias": False}),
        ("channel_mixer", "conv_glu", {}),
        ("channel_mixer", "conv_glu", {"kernel": 5, "bias": False}),
    ]
    return {f"{kind}-{name}-{i}": (kind, name, options) for i, (kind, name, options) in
            enumerate(cases)}  # fmt: skip


CASES = mixers()
EVERY = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


@pytest.mark.parametrize("kind", ["token_mixer", "channel_mixer"])
def test_every_registered_mixer_is_among_the_cases(kind: str) -> None:
    assert {name for k, name, _ in CASES.values() if k == kind} == {
        name
        for name, definition in registry.named(kind).items()
        if definition.cls.__module__.startswith("archdsl.")
    }


@EVERY
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_shape_is_kept(
    make: Make, case: tuple[str, str, dict[str, Any]], size: tuple[int, int]
) -> None:
    kind, name, options = case
    mixer = make(kind, name, dim=DIM, size=size, **options).eval()
    x = torch.randn(2, DIM, *size).contiguous(memory_format=torch.channels_last)
    y = mixer(x)
    assert y.shape == x.shape
    assert torch.isfinite(y).all()


@EVERY
def test_maps_stay_in_channels_last_memory(
    make: Make, case: tuple[str, str, dict[str, Any]]
) -> None:
    kind, name, options = case
    mixer = make(kind, name, dim=DIM, size=(6, 8), **options)
    x = torch.randn(2, DIM, 6, 8).contiguous(memory_format=torch.channels_last)
    assert mixer(x).is_contiguous(memory_format=torch.channels_last)


@EVERY
def test_the_gradient_reaches_everything_that_is_trained(
    make: Make, case: tuple[str, str, dict[str, Any]]
) -> None:
    kind, name, options = case
    mixer = make(kind, name, dim=DIM, size=(5, 7), **options)
    x = torch.randn(2, DIM, 5, 7, requires_grad=True)
    mixer(x).pow(3).sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0
    for param_name, param in mixer.named_parameters():
        if param.requires_grad:
            assert param.grad is not None, param_name
            if "key.bias" not in param_name:  # softmax does not see what all keys have in common
                assert param.grad.abs().sum() > 0, param_name


@EVERY
def test_the_state_dict_makes_another_one_equal(
    make: Make, case: tuple[str, str, dict[str, Any]]
) -> None:
    kind, name, options = case
    one = make(kind, name, dim=DIM, size=(5, 7), **options).eval()
    other = make(kind, name, dim=DIM, size=(5, 7), **options).eval()
    other.load_state_dict(one.state_dict())
    x = torch.randn(2, DIM, 5, 7)
    assert torch.equal(one(x), other(x))


def test_pooling_averages_what_lies_inside_and_subtracts_the_input(make: Make) -> None:
    mixer = make("token_mixer", "pooling")
    x = torch.randn(1, 8, 4, 4)
    y = mixer(x)
    corner = x[:, :, :2, :2].mean(dim=(2, 3)) - x[:, :, 0, 0]
    edge = x[:, :, :2, 0:3].mean(dim=(2, 3)) - x[:, :, 0, 1]
    inside = x[:, :, 0:3, 0:3].mean(dim=(2, 3)) - x[:, :, 1, 1]
    torch.testing.assert_close(y[:, :, 0, 0], corner)
    torch.testing.assert_close(y[:, :, 0, 1], edge)
    torch.testing.assert_close(y[:, :, 1, 1], inside)


def test_pooling_takes_a_constant_map_to_zero(make: Make) -> None:
    y = make("token_mixer", "pooling", kernel=5)(torch.full((1, 8, 4, 4), 3.0))
    torch.testing.assert_close(y, torch.zeros_like(y))


def test_identity_is_its_input(make: Make) -> None:
    x = torch.randn(1, 8, 4, 4)
    assert torch.equal(make("token_mixer", "identity")(x), x)


def test_sep_conv_activates_once(make: Make) -> None:
    mixer = make("token_mixer", "sep_conv", ratio=2, kernel=3)
    x = torch.randn(2, 8, 5, 5)
    state = mixer.state_dict()
    hidden = F.conv2d(x, state["widen.weight"])
    hidden = state["act.scale"] * hidden.relu() ** 2 + state["act.bias"]
    hidden = F.conv2d(hidden, state["depthwise.weight"], padding=1, groups=16)
    torch.testing.assert_close(mixer(x), F.conv2d(hidden, state["narrow.weight"]))


def test_attention_is_softmax_of_scaled_products_head_by_head(make: Make) -> None:
    mixer = make("token_mixer", "attention", head_dim=4, qkv_bias=True, proj_bias=True)
    x = torch.randn(2, 8, 3, 5)
    state = {name.removeprefix("mixer."): t for name, t in mixer.state_dict().items()}
    tokens = x.flatten(2).transpose(1, 2)
    q, k, v = F.linear(tokens, state["qkv.weight"], state["qkv.bias"]).split(8, dim=-1)
    heads = []
    for first in (0, 4):
        qh, kh, vh = (part[..., first : first + 4] for part in (q, k, v))
        heads.append((qh @ kh.transpose(1, 2) / 4**0.5).softmax(dim=-1) @ vh)
    mixed = F.linear(torch.cat(heads, dim=-1), state["proj.weight"], state["proj.bias"])
    torch.testing.assert_close(mixer(x), mixed.transpose(1, 2).reshape(2, 8, 3, 5))


def test_attention_commutes_with_a_permutation_of_positions(make: Make) -> None:
    mixer = make("token_mixer", "attention", head_dim=4).double()
    x = torch.randn(1, 8, 4, 4, dtype=torch.float64)
    order = torch.randperm(16)
    permuted = x.flatten(2)[..., order].reshape(x.shape)
    torch.testing.assert_close(mixer(permuted).flatten(2), mixer(x).flatten(2)[..., order])


def test_random_mixing_is_a_frozen_average_over_positions(make: Make) -> None:
    mixer = make("token_mixer", "random", size=(3, 5))
    (matrix,) = mixer.parameters()
    assert not matrix.requires_grad
    assert matrix.shape == (15, 15)
    torch.testing.assert_close(matrix.sum(dim=1), torch.ones(15))
    x = torch.randn(2, 8, 3, 5)
    expected = torch.einsum("mn,bcn->bcm", matrix, x.flatten(2)).reshape(x.shape)
    torch.testing.assert_close(mixer(x), expected)


def test_spatial_mlp_has_a_hidden_width_that_follows_the_channels(make: Make) -> None:
    mixer = make("token_mixer", "spatial_mlp", dim=8, size=(3, 5), ratio=0.5)
    shapes = {name: tuple(p.shape) for name, p in mixer.named_parameters()}
    assert shapes == {
        "mixer.fc1.weight": (4, 15),
        "mixer.fc1.bias": (4,),
        "mixer.fc2.weight": (15, 4),
        "mixer.fc2.bias": (15,),
    }


def test_spatial_mlp_without_ratio_is_one_matrix_over_positions(make: Make) -> None:
    mixer = make("token_mixer", "spatial_mlp", size=(3, 5), ratio=None, bias=False)
    (weight,) = mixer.parameters()
    x = torch.randn(2, 8, 3, 5)
    expected = torch.einsum("mn,bcn->bcm", weight, x.flatten(2)).reshape(x.shape)
    torch.testing.assert_close(mixer(x), expected)


def test_glu_gates_the_second_half_by_the_first(make: Make) -> None:
    mixer = make("channel_mixer", "glu", ratio=3, act=component("act", "silu"))
    x = torch.randn(2, 8, 3, 5)
    state = mixer.state_dict()
    assert state["fc1.weight"].shape == (32, 8, 1, 1)  # 2 · int(2/3 · 24)
    both = F.conv2d(x, state["fc1.weight"], state["fc1.bias"])
    hidden = F.silu(both[:, :16]) * both[:, 16:]
    expected = F.conv2d(hidden, state["fc2.weight"], state["fc2.bias"])
    torch.testing.assert_close(mixer(x), expected)


def test_the_hidden_width_of_conv_glu_is_truncated(make: Make) -> None:
    mixer = make("channel_mixer", "conv_glu", dim=32, ratio=8)
    assert mixer.state_dict()["depthwise.weight"].shape == (170, 1, 3, 3)
