"""A model is compiled in one piece or not at all, and is afterwards what it was."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.errors import SearchError
from archdsl.training.optimisation.compiled import compiled
from archdsl.training.train import train_model
from tests.training.optimisation.test_groups import FAMILIES


class Whole(nn.Module):
    """A model of a class that is not torch's own: those are passed over, and their parts taken."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)


class Counts(nn.Module):
    """What it does depends on a number that it reads: no graph holds that."""

    def forward(self, x: Tensor) -> Tensor:
        return x * 2 if x.sum().item() > 0 else x


def test_what_cannot_be_compiled_is_refused_and_trains_without(digits, recipe, network) -> None:
    said = replace(recipe, epochs=1, compile=True)
    with pytest.raises(SearchError) as caught:
        train_model(nn.Sequential(Counts(), network()), said, digits, seed=0)
    text = str(caught.value)
    assert text.startswith("recipe: compile: torch.compile cannot do this network here (")
    assert text.endswith(").  write  train.compile: false")
    model = nn.Sequential(Counts(), network())
    train_model(model, replace(said, compile=False), digits, seed=0)


def test_a_model_that_was_compiled_is_again_what_it_was(network) -> None:
    model = network()
    names = [*model.state_dict()]
    with compiled(model, True):
        assert model._compiled_call_impl is not None
        assert [*model.state_dict()] == names
    assert model._compiled_call_impl is None and [*model.state_dict()] == names
    with compiled(model, False):
        assert model._compiled_call_impl is None


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")  # inductor's own
def test_a_compiled_training_is_that_of_the_model_but_for_rounding(digits, recipe, network) -> None:
    said = replace(recipe, epochs=1, steps_per_epoch=None)
    model = network()
    model[3] = nn.Identity()  # dropout draws in another order once it is compiled
    twin = network()
    twin[3] = nn.Identity()
    plain = train_model(Whole(model), replace(said, ema=0.5), digits, seed=0)
    fast = train_model(Whole(twin), replace(said, ema=0.5, compile=True), digits, seed=0)
    assert fast.state_dict.keys() == plain.state_dict.keys()
    assert fast.metrics["train_loss"] == pytest.approx(plain.metrics["train_loss"], rel=1e-3)
    assert abs(fast.metrics["accuracy"] - plain.metrics["accuracy"]) < 0.05
    assert twin(torch.ones(2, 1, 8, 8)).shape == (2, 10)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_is_one_graph_in_training_and_in_eval(name: str) -> None:
    with torch.device("meta"):
        model = archdsl.build(name)
        images = torch.empty(2, *archdsl.load(name).network().input)
    torch._dynamo.reset()
    model.compile(fullgraph=True, backend="eager")
    assert model(images).shape == (2, 1000)
    with torch.no_grad():
        assert model.eval()(images).shape == (2, 1000)
