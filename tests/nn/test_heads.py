"""Heads: norm, pool, norm, classifier, each where it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl
from archdsl.components.component import component

Make = Callable[..., nn.Module]


def norm(name: str = "layer_norm", **options: Any) -> Any:
    return component("norm", name, **options)


def test_the_linear_head_norms_the_map_pools_it_and_classifies(make: Make) -> None:
    head = make("head", "linear", norm=norm("group_norm"), classes=5)
    x = torch.randn(2, 8, 3, 4)
    features = F.group_norm(x, 1).mean(dim=(2, 3))
    state = head.state_dict()
    expected = F.linear(features, state["classifier.weight"], state["classifier.bias"])
    torch.testing.assert_close(head(x), expected)


def test_a_pool_norm_comes_after_the_pooling(make: Make) -> None:
    head = make("head", "linear", pool_norm=norm(), classes=0)
    x = torch.randn(2, 8, 3, 4)
    torch.testing.assert_close(head(x), F.layer_norm(x.mean(dim=(2, 3)), (8,), eps=1e-6))


def test_without_classes_the_head_gives_the_pooled_features(make: Make) -> None:
    head = make("head", "linear", classes=0)
    x = torch.randn(2, 8, 3, 4)
    torch.testing.assert_close(head(x), x.mean(dim=(2, 3)))
    assert not head.state_dict()


def test_the_token_is_the_first_position(make: Make) -> None:
    head = make("head", "linear", size=(13, 1), pool="token", classes=0)
    x = torch.randn(2, 8, 13, 1)
    assert torch.equal(head(x), x[:, :, 0, 0])


def test_the_mlp_head_activates_norms_and_classifies(make: Make) -> None:
    head = make("head", "mlp", ratio=2, classes=5, pool_norm=norm())
    x = torch.randn(2, 8, 3, 4)
    state = head.state_dict()
    hidden = F.layer_norm(x.mean(dim=(2, 3)), (8,), eps=1e-6)
    hidden = F.linear(hidden, state["fc1.weight"], state["fc1.bias"]).relu() ** 2
    hidden = F.layer_norm(hidden, (16,), eps=1e-5)
    expected = F.linear(hidden, state["fc2.weight"], state["fc2.bias"])
    torch.testing.assert_close(head(x), expected)


@pytest.mark.parametrize("name", ["linear", "mlp"])
def test_dropout_acts_in_training_alone(make: Make, name: str) -> None:
    head = make("head", name, dropout=0.5)
    x = torch.randn(2, 8, 3, 4)
    assert not torch.equal(head(x), head(x))
    head.eval()
    assert torch.equal(head(x), head(x))


TEMPLATE = """
archdsl: 1
name: case
input: [3, 32, 32]
classes: {classes}
class_token: {token}
stem: {{type: conv, kernel: 4, stride: 4, padding: 0}}
block: {{token_mixer: identity}}
stages: [{{dim: 16, depth: 1}}]
head: {head}
"""


def spec(head: str, classes: int = 10, token: str = "false") -> archdsl.specification.Spec:
    return archdsl.loads(TEMPLATE.format(head=head, classes=classes, token=token))


def test_a_token_is_read_only_where_there_is_one() -> None:
    spec("{type: linear, pool: token}", token="true")
    with pytest.raises(archdsl.errors.SpecError, match="reads the class token, and there is none"):
        spec("{type: linear, pool: token}")


def test_an_mlp_head_needs_classes() -> None:
    spec("mlp", classes=1)
    with pytest.raises(archdsl.errors.SpecError, match="mlp needs classes to tell apart"):
        spec("mlp", classes=0)
    spec("linear", classes=0)


def test_a_hidden_norm_is_checked_against_the_hidden_width() -> None:
    spec("{type: mlp, ratio: 3, hidden_norm: {type: group_norm, groups: 3}}")
    words = "mlp has group_norm on 32 channels, which it cannot split into 3 groups"
    with pytest.raises(archdsl.errors.SpecError, match=words):
        spec("{type: mlp, ratio: 2, hidden_norm: {type: group_norm, groups: 3}}")
