"""Scores of networks that were not trained: known properties, and what they leave alone."""

from __future__ import annotations

import copy
import math
from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl.training.zero_cost import first_batch, grad_norm, naswot, scores, scores_of, synflow

NET = """\
archdsl: 1
name: net
input: [1, 8, 8]
classes: 10
drop_path: 0.2
stem: {{type: conv, kernel: 3, stride: 2, norm: {norm}}}
downsample: {{type: conv, kernel: 3, stride: 2, norm: {norm}}}
block: {{norm: {norm}, token_mixer: {mixer}, channel_mixer: {{type: mlp, act: {act}}}}}
stages:
  - {{dim: 8, depth: 1}}
  - {{dim: 16, depth: 2}}
head: {{type: linear, norm: {norm}}}
"""


def net(norm: str = "layer_norm", mixer: str = "pooling", act: str = "gelu") -> nn.Module:
    torch.manual_seed(0)
    return archdsl.build(archdsl.loads(NET.format(norm=norm, mixer=mixer, act=act)))


@pytest.fixture
def batch() -> tuple[torch.Tensor, torch.Tensor]:
    draws = torch.Generator().manual_seed(0)
    return torch.randn(6, 1, 8, 8, generator=draws), torch.tensor([0, 1, 2, 3, 4, 5])


def chain(*weights: list[list[float]]) -> nn.Module:
    layers = OrderedDict[str, nn.Module]()
    for number, rows in enumerate(weights):
        layer = nn.Linear(len(rows[0]), len(rows), bias=False)
        layer.weight.data = torch.tensor(rows)
        layers[str(number)] = layer
    return nn.Sequential(layers)


def test_the_synflow_of_a_linear_chain_is_its_output_once_for_each_layer() -> None:
    """|W2| |W1| 1 = [[1, 3]] [[1, 2], [3, 0]] [1, 1]^T = 3 + 9; each layer passes all of it on."""
    model = chain([[1.0, -2.0], [-3.0, 0.0]], [[-1.0, 3.0]])
    assert synflow(model, (1, 2)) == pytest.approx(2 * 12)
    assert synflow(chain([[2.0, -2.0]]), (1, 2)) == pytest.approx(4)


def test_synflow_passes_norms_by_and_a_network_without_weights_has_none() -> None:
    model = chain([[1.0, -2.0], [-3.0, 0.0]], [[-1.0, 3.0]])
    for norm in (nn.LayerNorm(2), nn.BatchNorm1d(2), nn.RMSNorm(2)):
        normed = nn.Sequential(model[0], norm, model[1])
        assert synflow(normed, (1, 2)) == pytest.approx(24)
    assert synflow(nn.Flatten(), (1, 2)) == 0


def test_a_synflow_beyond_a_double_is_infinite() -> None:
    deep = chain(*[[[1e38, 1e38], [1e38, 1e38]]] * 9)
    assert synflow(deep, (1, 2)) == math.inf


def test_the_naswot_of_three_codes_by_hand() -> None:
    """Codes 11, 10, 00: K = [[2, 1, 0], [1, 2, 1], [0, 1, 2]], whose determinant is 4."""
    images = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, -1.0]])
    assert naswot(nn.Sequential(nn.ReLU()), images) == pytest.approx(math.log(4))


def test_two_images_of_the_same_code_make_it_minus_infinity() -> None:
    images = torch.tensor([[1.0, 1.0], [2.0, 3.0], [-1.0, -1.0]])
    assert naswot(nn.Sequential(nn.ReLU()), images) == -math.inf
    near = torch.tensor([[1.0, 1.0], [2.0, -3.0], [-1.0, -1.0]])
    assert math.isfinite(naswot(nn.Sequential(nn.ReLU()), near))


def test_without_an_activation_naswot_is_no_number() -> None:
    assert math.isnan(naswot(nn.Sequential(nn.Linear(2, 2)), torch.ones(3, 2)))
    assert math.isnan(naswot(nn.Sequential(nn.Softmax(dim=1)), torch.ones(3, 2)))


def test_the_gradient_norm_of_a_linear_layer_by_hand() -> None:
    """Of equal logits the gradient of a logit is 1/2 - 1 or 1/2; of a weight times its input."""
    model = nn.Linear(1, 2)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    images, labels = torch.tensor([[3.0]]), torch.tensor([0])
    weights, bias = math.hypot(1.5, 1.5), math.hypot(0.5, 0.5)
    assert grad_norm(model, images, labels) == pytest.approx(weights + bias)


@pytest.mark.parametrize("norm", ["layer_norm", "rms_norm", "{type: group_norm, groups: 2}",
                                  "affine", "batch_norm", "none"])  # fmt: skip
@pytest.mark.parametrize("mixer", ["sep_conv", "{type: attention, head_dim: 4}"])
def test_it_works_with_every_norm_and_leaves_the_model_as_it_was(
    norm: str, mixer: str, batch: Any
) -> None:
    model = net(norm, mixer)
    before = copy.deepcopy(model.state_dict())
    state = torch.random.get_rng_state()
    found = scores(model, *batch)
    assert all(math.isfinite(value) for value in found.values())
    assert found["synflow"] > 0 and found["grad_norm"] > 0
    after = model.state_dict()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert all(p.grad is None and p.requires_grad for p in model.parameters())
    assert model.training and not any(m._forward_hooks for m in model.modules())
    assert all(not m._forward_pre_hooks for m in model.modules())
    if norm != "batch_norm":  # an eval model is another where there are statistics
        torch.random.set_rng_state(state)
        assert scores(model.eval(), *batch) == found
        assert not model.training


def test_a_frozen_model_and_gradients_that_were_there_are_left_alone(batch: Any) -> None:
    model = net()
    first = next(model.parameters())
    first.requires_grad_(False)
    last = list(model.parameters())[-1]
    last.grad = torch.ones_like(last)
    scores(model, *batch)
    assert not first.requires_grad and torch.equal(last.grad, torch.ones_like(last))


def test_every_activation_has_a_code(batch: Any) -> None:
    for act in ("relu", "star_relu", "silu"):
        assert math.isfinite(naswot(net(act=act), batch[0]))


def test_the_batch_is_the_first_of_the_training_and_the_generators_stay(tmp_path: Any) -> None:
    from archdsl.training import DataSource, Recipe, prepare
    from archdsl.training.train import initial

    spec = archdsl.space("digits").default()
    proxy = spec.settings().proxy
    recipe = Recipe.of(proxy)
    data = prepare(recipe, DataSource.of(proxy), spec.network().input, spec.network().classes)
    one, other = first_batch(recipe, data, 1), first_batch(recipe, data, 2)
    assert one[0].shape == (50, 1, 12, 12) and not torch.equal(one[0], other[0])
    model = initial(spec.network(), 1)
    state = torch.random.get_rng_state()
    found = scores_of(model, recipe, data, 1)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert found == scores_of(model, recipe, data, 1)
    assert found["naswot"] != scores_of(model, recipe, data, 2)["naswot"]
