from __future__ import annotations

import dataclasses

import pytest
import torch

from archdsl.training.module import Classifier
from archdsl.training.optimisation.schedules import rate


def test_the_rate_rises_in_a_line_and_falls_in_a_cosine():
    rates = [rate(step, 4, 12) for step in range(13)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rates[8] == pytest.approx(0.5)
    assert rates[12] == pytest.approx(0.0)
    assert rates[4:] == sorted(rates[4:], reverse=True)


def test_without_warm_up_the_rate_begins_at_its_peak():
    assert rate(0, 0, 10) == 1.0


def test_a_warm_up_longer_than_the_training_never_ends():
    assert [rate(step, 10, 5) for step in range(5)] == [0.1, 0.2, 0.3, 0.4, 0.5]


class Run:
    precision = "32-true"
    estimated_stepping_batches = 20


def test_vectors_do_not_decay_and_frozen_weights_are_left_out(network, recipe):
    model = network()
    model[0].requires_grad_(False)
    module = Classifier(model, recipe, 10)
    module._trainer = Run()
    decayed, free = module.configure_optimizers()["optimizer"].param_groups
    assert decayed["weight_decay"] == recipe.weight_decay
    assert free["weight_decay"] == 0.0
    _, norm, *_, linear = model
    assert [id(p) for p in decayed["params"]] == [id(linear.weight)]
    assert [id(p) for p in free["params"]] == [id(p) for p in (norm.weight, norm.bias, linear.bias)]


@pytest.mark.parametrize("dtype", [torch.float32, torch.complex64])
def test_complex_weights_are_trained_too(network, recipe, dtype):
    model = network()
    model.filter = torch.nn.Parameter(torch.ones(4, 3, dtype=dtype))
    module = Classifier(model, recipe, 10)
    module._trainer = Run()
    optimizer = module.configure_optimizers()["optimizer"]
    assert bool(optimizer.defaults["fused"]) is (dtype is torch.float32)
    (model.filter.abs().sum()).backward()
    optimizer.step()
    assert not torch.equal(model.filter, torch.ones(4, 3, dtype=dtype))


def test_the_loss_is_smoothed_cross_entropy(network, recipe):
    model = network()
    images, labels = torch.rand(4, 1, 8, 8), torch.arange(4)
    model.eval()
    sharp = Classifier(model, dataclasses.replace(recipe, label_smoothing=0.0), 10)
    smooth = Classifier(model, dataclasses.replace(recipe, label_smoothing=0.4), 10)
    logs = model(images).log_softmax(1)
    hit = -logs[range(4), labels].mean()
    assert torch.allclose(sharp.training_step((images, labels), 0), hit)
    mixed = 0.6 * hit - 0.4 * logs.mean()
    assert torch.allclose(smooth.training_step((images, labels), 0), mixed)
