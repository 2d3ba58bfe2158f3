"""Norms and activations against their formulas."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from archdsl.components import registry
from archdsl.components.defaults import REQUIRED

Make = Callable[..., nn.Module]


def by_hand(x: torch.Tensor, dims: tuple[int, ...], eps: float) -> torch.Tensor:
    centred = x - x.mean(dim=dims, keepdim=True)
    return centred / (centred.pow(2).mean(dim=dims, keepdim=True) + eps).sqrt()


def rms(x: torch.Tensor, eps: float) -> torch.Tensor:
    return x / (x.pow(2).mean(dim=1, keepdim=True) + eps).sqrt()


FORMULAS: list[tuple[str, dict[str, Any], Callable[[torch.Tensor], torch.Tensor]]] = [
    ("layer_norm", {}, lambda x: by_hand(x, (1,), 1e-6)),
    ("layer_norm", {"eps": 0.1, "bias": False}, lambda x: by_hand(x, (1,), 0.1)),
    ("group_norm", {}, lambda x: by_hand(x, (1, 2, 3), 1e-5)),
    ("group_norm", {"eps": 0.1, "bias": False}, lambda x: by_hand(x, (1, 2, 3), 0.1)),
    (
        "group_norm",
        {"groups": 4},
        lambda x: by_hand(x.unflatten(1, (4, 2)), (2, 3, 4), 1e-5).flatten(1, 2),
    ),
    ("affine", {}, lambda x: x),
    ("batch_norm", {}, lambda x: by_hand(x, (0, 2, 3), 1e-5)),
    ("batch_norm", {"eps": 0.1}, lambda x: by_hand(x, (0, 2, 3), 0.1)),
    ("rms_norm", {}, lambda x: rms(x, 1e-6)),
    ("rms_norm", {"eps": 0.1}, lambda x: rms(x, 0.1)),
]


@pytest.mark.parametrize(
    ("name", "options", "formula"), FORMULAS, ids=[f"{n}-{o}" for n, o, _ in FORMULAS]
)
def test_a_norm_is_its_formula(
    make: Make, name: str, options: dict[str, Any], formula: Callable[..., torch.Tensor]
) -> None:
    norm = make("norm", name, **options).double()
    x = torch.randn(3, 8, 5, 7, dtype=torch.float64) * 2 + 1
    x = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(norm(x), formula(x))
    params = dict(norm.named_parameters())
    has_bias = options.get("bias", name != "rms_norm")
    assert set(params) == ({"weight", "bias"} if has_bias else {"weight"})
    with torch.no_grad():
        for param in params.values():
            param.copy_(torch.randn_like(param))
    weight, bias = params["weight"], params.get("bias", torch.zeros(8, dtype=x.dtype))
    expected = formula(x) * weight[:, None, None] + bias[:, None, None]
    torch.testing.assert_close(norm(x), expected)
    assert norm(x).is_contiguous(memory_format=torch.channels_last)


def test_every_registered_norm_has_a_formula() -> None:
    assert {name for name, _, _ in FORMULAS} == set(registry.named("norm"))


Formula = Callable[[torch.Tensor], torch.Tensor]

ACTS: list[tuple[str, dict[str, Any], Formula]] = [
    ("celu", {}, lambda x: torch.where(x > 0, x, x.exp() - 1)),
    ("celu", {"alpha": 2.0}, lambda x: torch.where(x > 0, x, 2 * ((x / 2).exp() - 1))),
    ("elu", {}, lambda x: torch.where(x > 0, x, x.exp() - 1)),
    ("elu", {"alpha": 0.5}, lambda x: torch.where(x > 0, x, 0.5 * (x.exp() - 1))),
    ("gelu", {}, lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2),
    (
        "gelu",
        {"approximate": "tanh"},
        lambda x: x * (1 + torch.tanh((2 / math.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2,
    ),
    ("hardshrink", {}, lambda x: torch.where(x.abs() > 0.5, x, 0)),
    ("hardshrink", {"lambd": 2.0}, lambda x: torch.where(x.abs() > 2, x, 0)),
    ("hardsigmoid", {}, lambda x: (x / 6 + 0.5).clamp(0, 1)),
    ("hardswish", {}, lambda x: x * (x / 6 + 0.5).clamp(0, 1)),
    ("hardtanh", {}, lambda x: x.clamp(-1, 1)),
    ("hardtanh", {"min_val": 0, "max_val": 4}, lambda x: x.clamp(0, 4)),
    ("identity", {}, lambda x: x),
    ("leaky_relu", {}, lambda x: torch.where(x > 0, x, 0.01 * x)),
    ("leaky_relu", {"negative_slope": 0.3}, lambda x: torch.where(x > 0, x, 0.3 * x)),
    ("logsigmoid", {}, lambda x: -torch.log(1 + (-x).exp())),
    ("mish", {}, lambda x: x * torch.tanh(torch.log(1 + x.exp()))),
    ("prelu", {}, lambda x: torch.where(x > 0, x, 0.25 * x)),
    ("prelu", {"init": -0.5}, lambda x: torch.where(x > 0, x, -0.5 * x)),
    ("relu", {}, lambda x: x.clamp(min=0)),
    ("relu6", {}, lambda x: x.clamp(0, 6)),
    ("rrelu", {}, lambda x: torch.where(x > 0, x, 11 / 48 * x)),
    ("rrelu", {"lower": 0.5, "upper": 0.5}, lambda x: torch.where(x > 0, x, 0.5 * x)),
    (
        "selu",
        {},
        lambda x: 1.0507009873554805 * torch.where(x > 0, x, 1.6732632423543772 * (x.exp() - 1)),
    ),
    ("sigmoid", {}, lambda x: 1 / (1 + (-x).exp())),
    ("silu", {}, lambda x: x / (1 + (-x).exp())),
    ("softmax", {}, lambda x: x.exp() / x.exp().sum(dim=-1, keepdim=True)),
    ("softplus", {}, lambda x: torch.log(1 + x.exp())),
    ("softplus", {"beta": 2.0}, lambda x: torch.log(1 + (2 * x).exp()) / 2),
    (
        "softplus",
        {"threshold": 1.0},
        lambda x: torch.where(x > 1, x, torch.log(1 + x.exp())),
    ),
    ("softshrink", {}, lambda x: x.sign() * (x.abs() - 0.5).clamp(min=0)),
    ("softshrink", {"lambd": 2.0}, lambda x: x.sign() * (x.abs() - 2).clamp(min=0)),
    ("softsign", {}, lambda x: x / (1 + x.abs())),
    ("squared_relu", {}, lambda x: x.clamp(min=0) ** 2),
    ("star_relu", {}, lambda x: x.clamp(min=0) ** 2),
    ("tanh", {}, lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())),
    ("tanhshrink", {}, lambda x: x - (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())),
    ("threshold", {"threshold": 1.5, "value": -2.0}, lambda x: torch.where(x > 1.5, x, -2)),
]


@pytest.mark.parametrize(("name", "options", "formula"), ACTS, ids=[f"{n}-{o}" for n, o, _ in ACTS])
def test_an_activation_is_its_formula(
    make: Make, name: str, options: dict[str, Any], formula: Formula
) -> None:
    x = torch.linspace(-7, 7, 60, dtype=torch.float64).reshape(2, 5, 6)
    act = make("act", name, **options).double().eval()
    torch.testing.assert_close(act(x), formula(x))


def test_every_registered_activation_has_a_formula_and_every_option_of_one() -> None:
    known = {name: set(act.options) for name, act in registry.named("act").items()}
    tried = {name: {o for n, given, _ in ACTS if n == name for o in given} for name, _, _ in ACTS}
    assert tried == {**known, "star_relu": set()}  # below


def test_the_defaults_of_torchs_activations_are_torchs_own() -> None:
    for act in registry.named("act").values():
        own = inspect.signature(act.cls).parameters
        for option in act.options.values() if act.described else ():
            default = own[option.name].default
            assert option.default == (REQUIRED if default is inspect.Parameter.empty else default)


def test_a_prelu_has_one_slope_that_is_trained(make: Make) -> None:
    [(name, slope)] = make("act", "prelu", init=0.1).named_parameters()
    assert (name, tuple(slope.shape), slope.requires_grad) == ("weight", (1,), True)


def test_star_relu_squares_first_and_scales_then(make: Make) -> None:
    act = make("act", "star_relu", scale=0.8944, bias=-0.4472)
    x = torch.tensor([-1.0, 0.0, 2.0])
    torch.testing.assert_close(act(x), 0.8944 * torch.tensor([0.0, 0.0, 4.0]) - 0.4472)
    assert {name for name, p in act.named_parameters() if p.requires_grad} == {"scale", "bias"}
