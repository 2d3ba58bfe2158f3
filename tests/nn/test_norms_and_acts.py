"""Norms and activations against their formulas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from archdsl import registry

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


ACTS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "elu": lambda x: torch.where(x > 0, x, x.exp() - 1),
    "gelu": lambda x: x * (1 + torch.erf(x / 2**0.5)) / 2,
    "hardsigmoid": lambda x: (x / 6 + 0.5).clamp(0, 1),
    "hardswish": lambda x: x * (x / 6 + 0.5).clamp(0, 1),
    "identity": lambda x: x,
    "leaky_relu": lambda x: torch.where(x > 0, x, 0.01 * x),
    "mish": lambda x: x * torch.tanh(torch.log(1 + x.exp())),
    "relu": lambda x: x.clamp(min=0),
    "relu6": lambda x: x.clamp(0, 6),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "silu": lambda x: x / (1 + (-x).exp()),
    "softmax": lambda x: x.exp() / x.exp().sum(dim=-1, keepdim=True),
    "softplus": lambda x: torch.log(1 + x.exp()),
    "squared_relu": lambda x: x.clamp(min=0) ** 2,
    "star_relu": lambda x: x.clamp(min=0) ** 2,
    "tanh": lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp()),
}


@pytest.mark.parametrize("name", ACTS)
def test_an_activation_is_its_formula(make: Make, name: str) -> None:
    x = torch.linspace(-7, 7, 60, dtype=torch.float64).reshape(2, 5, 6)
    torch.testing.assert_close(make("act", name).double()(x), ACTS[name](x))


def test_every_registered_activation_has_a_formula() -> None:
    assert set(ACTS) == set(registry.named("act"))


def test_star_relu_squares_first_and_scales_then(make: Make) -> None:
    act = make("act", "star_relu", scale=0.8944, bias=-0.4472)
    x = torch.tensor([-1.0, 0.0, 2.0])
    torch.testing.assert_close(act(x), 0.8944 * torch.tensor([0.0, 0.0, 4.0]) - 0.4472)
    assert {name for name, p in act.named_parameters() if p.requires_grad} == {"scale", "bias"}
