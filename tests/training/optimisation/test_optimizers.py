"""The optimiser of a recipe takes the steps that its paper says."""

from __future__ import annotations

import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from archdsl.errors import SearchError
from archdsl.training import Recipe
from archdsl.training.optimisation.optimizers import optimizer_of


def one(values: list[float], gradient: list[float]) -> nn.Module:
    model = nn.Linear(len(values), 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([values]))
    model.weight.grad = torch.tensor([gradient])
    return model


numbers = st.lists(
    st.floats(0.125, 2, width=32) | st.floats(-2, -0.125, width=32), min_size=3, max_size=3
)


@settings(deadline=None, max_examples=40)
@given(numbers, numbers, st.floats(1e-4, 1e-2), st.floats(0, 0.5))
def test_a_step_of_lamb_is_as_long_as_the_rate_says_of_the_weights(w, g, lr, decay) -> None:
    model = one(w, g)
    before = model.weight.detach().clone()
    said = Recipe(optimizer="lamb", lr=lr, weight_decay=decay, eps=1e-9, betas=(0.5, 0.75))
    optimizer_of(model, said, "32-true").step()
    step = before - model.weight.detach()
    # m = (1 - b1) g and v = (1 - b2) g^2, so that m / sqrt(v) is the sign of g here
    direction = torch.tensor(g).sign() + decay * before
    wanted = lr * before.norm() * direction / direction.norm()
    torch.testing.assert_close(step, wanted, rtol=1e-3, atol=2e-6)


@settings(deadline=None, max_examples=40)
@given(numbers, numbers, st.floats(1e-4, 1e-2), st.floats(0, 0.5))
def test_a_step_of_adamw_goes_by_the_sign_and_the_decay(w, g, lr, decay) -> None:
    model = one(w, g)
    before = model.weight.detach().clone()
    said = Recipe(lr=lr, weight_decay=decay, eps=1e-9)
    optimizer_of(model, said, "32-true").step()
    wanted = before * (1 - lr * decay) - lr * torch.tensor([g]).sign()
    torch.testing.assert_close(model.weight.detach(), wanted, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", ["adamw", "lamb"])
def test_the_groups_of_a_recipe_are_those_of_its_optimiser(name: str) -> None:
    model = nn.Sequential(nn.Linear(3, 3), nn.LayerNorm(3))
    said = Recipe(optimizer=name, lr=0.5, weight_decay=0.25, vector_decay=0.125, no_decay=("0.w*",))
    matrices, others = optimizer_of(model, said, "32-true").param_groups
    assert matrices["params"] == [] and len(others["params"]) == 4
    assert (matrices["weight_decay"], others["weight_decay"]) == (0.25, 0.125)
    assert matrices["lr"] == others["lr"] == 0.5


@pytest.mark.parametrize(("name", "peak"), [("adamw", 4e-3), ("lamb", 2e-3)])
def test_a_rate_belongs_to_a_batch(name: str, peak: float) -> None:
    said = Recipe(optimizer=name, lr=1e-3, lr_batch=1024, batch=4096)
    assert said.peak == pytest.approx(peak)
    (_, others) = optimizer_of(nn.Linear(2, 2), said, "32-true").param_groups
    assert others["lr"] == said.peak
    assert Recipe(lr=1e-3, batch=4096).peak == 1e-3
    assert Recipe(lr=1e-3, lr_batch=64).peak == 1e-3


def test_an_optimiser_that_is_not_installed_is_named_with_its_cure(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)
    with pytest.raises(SearchError) as caught:
        optimizer_of(nn.Linear(2, 2), Recipe(optimizer="lamb"), "32-true")
    assert str(caught.value) == (
        "recipe: optimizer: lamb needs the package pytorch-optimizer.  pip install "
        "'archdsl[train]', or write  train.optimizer: adamw"
    )
    optimizer_of(nn.Linear(2, 2), Recipe(), "32-true")
