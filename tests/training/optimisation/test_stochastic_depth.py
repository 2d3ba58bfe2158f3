"""A recipe's drop path gives blocks the rates that the spec would have given them."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

import archdsl
from archdsl.nn.block import DropPath
from archdsl.training.optimisation.stochastic_depth import set_drop_path
from archdsl.training.train import train_model
from tests.training.optimisation.test_groups import FAMILIES


def rates(model: torch.nn.Module) -> list[float]:
    return [block.drop_path.rate for stage in model.stages for block in stage.blocks]


@pytest.mark.parametrize("name", FAMILIES)
def test_the_rates_are_those_of_the_spec_with_that_peak(name: str) -> None:
    spec = archdsl.load(name)
    even = len(set(rates(built(spec)))) == 1
    patch = {"drop_path.rate" if even else "drop_path": 0.25}
    wanted = built(archdsl.load(name, set=patch))
    model = built(spec)
    set_drop_path(model, 0.25)
    assert rates(model) == rates(wanted) and rates(model)[-1] == 0.25
    set_drop_path(model, 0.0)
    assert set(rates(model)) == {0.0}


def built(spec: archdsl.Spec) -> torch.nn.Module:
    with torch.device("meta"):
        return archdsl.build(spec)


@pytest.mark.parametrize(("said", "wanted"), [(None, [0.0, 0.2]), (0.5, [0.0, 0.5])])
def test_a_training_has_the_recipes_rates_or_the_specs(
    said, wanted, network, digits, recipe
) -> None:
    model = nn.Sequential(DropPath(0.0), DropPath(0.2), network())
    train_model(model, replace(recipe, epochs=1, drop_path=said), digits, seed=0)
    assert [model[0].rate, model[1].rate] == wanted
