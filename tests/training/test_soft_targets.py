"""The loss takes shares of classes, and parts of a batch are the batch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional as F

from archdsl.recipes import recipe as named
from archdsl.training import DataSource, Prepared, Recipe, prepare
from archdsl.training.batch_checks import images_in
from archdsl.training.micro_batches import shares
from archdsl.training.module import Classifier
from archdsl.training.train import train_model


@pytest.fixture
def recipe(recipe: Recipe) -> Recipe:
    return replace(recipe, steps_per_epoch=4)


@pytest.fixture
def digits(recipe: Recipe, source: DataSource) -> Prepared:
    return prepare(recipe, source, (1, 8, 8), 10)


def batch(images: int = 6) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(images, 1, 8, 8, generator=generator)
    labels = torch.randint(10, (images,), generator=generator)
    return x, labels, F.one_hot(labels, 10).float()


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_loss_of_whole_shares_is_that_of_labels(smoothing, network) -> None:
    x, labels, whole = batch()
    module = Classifier(network().eval(), Recipe(label_smoothing=smoothing), 10)
    of_labels = module.training_step((x, labels), 0)
    torch.testing.assert_close(module.training_step((x, whole), 0), of_labels)
    mixed = 0.25 * whole + 0.75 * whole.roll(1, 0)
    wanted = 0.25 * of_labels + 0.75 * module.training_step((x, labels.roll(1)), 0)
    torch.testing.assert_close(module.training_step((x, mixed), 0), wanted)


def test_shares_of_classes_go_with_their_images() -> None:
    x, _, whole = batch(7)
    assert images_in((x, whole)) == 7
    parts = [part for part, _ in shares((x, whole), 3)]
    assert [len(images) for images, _ in parts] == [2, 2, 3]
    assert torch.equal(torch.cat([targets for _, targets in parts]), whole)


def test_the_parts_of_a_recipe_are_those_that_memory_would_ask_for(network, digits, recipe) -> None:
    said = replace(recipe, epochs=1, accumulate=2)
    found = train_model(network(), said, digits, seed=0).state_dict
    asked = train_model(network(), replace(said, accumulate=1), digits, seed=0, accumulate=2)
    assert all(torch.equal(found[name], asked.state_dict[name]) for name in found)


def test_parts_are_the_whole_but_for_rounding_where_images_are_looked_at_alone(
    network, digits, recipe
) -> None:
    def alone() -> torch.nn.Module:
        model = network()
        model[1], model[3] = torch.nn.GroupNorm(1, 16), torch.nn.Identity()
        return model

    said = replace(recipe, epochs=1, lr=1e-3, precision="32")
    whole = train_model(alone(), said, digits, seed=0)
    for parts in (2, 5):
        found = train_model(alone(), replace(said, accumulate=parts), digits, seed=0)
        loss = found.metrics["train_loss"]
        assert loss == pytest.approx(whole.metrics["train_loss"], rel=1e-4)


def test_a_recipe_that_changes_nothing_is_the_proxys(network, digits, recipe) -> None:
    assert named("proxy") == Recipe()
    found = named("proxy", {"train.epochs": 2, "train.lr": 1e-2, "train.steps_per_epoch": 4})
    assert found == recipe
    usual = train_model(network(), recipe, digits, seed=0)
    again = train_model(network(), found, digits, seed=0)
    assert again.history == usual.history
    assert all(torch.equal(v, again.state_dict[name]) for name, v in usual.state_dict.items())
