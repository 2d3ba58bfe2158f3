"""The average of the weights is what is judged and saved, and it goes on from a checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from archdsl.errors import SearchError
from archdsl.training import Recipe
from archdsl.training.checkpoint import Sealed
from archdsl.training.evaluate import evaluate
from archdsl.training.module import Classifier
from archdsl.training.optimisation.averages import refuse_one_that_remembers
from archdsl.training.train import train_model

EMA = 0.75


@pytest.fixture
def averaged(recipe: Recipe) -> Recipe:
    return replace(recipe, ema=EMA, steps_per_epoch=4)


@pytest.fixture
def data(averaged, source):
    from archdsl.training import prepare

    return prepare(averaged, source, (1, 8, 8), 10)


def equal(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[k], other[k]) for k in one)


def test_the_average_is_that_of_the_weights_after_each_step(
    averaged, data, network, monkeypatch
) -> None:
    seen: list[dict[str, torch.Tensor]] = []

    def note(self, *rest: object) -> None:
        seen.append({n: v.clone() for n, v in self.model.state_dict().items()})

    monkeypatch.setattr(Classifier, "on_train_batch_end", note)
    plain = train_model(network(), replace(averaged, ema=None), data, seed=0)
    steps, wanted = list(seen), {n: v.double() for n, v in seen[0].items()}
    assert equal(steps[-1], plain.state_dict)
    for weights in steps[1:]:
        wanted = {n: EMA * v + (1 - EMA) * weights[n].double() for n, v in wanted.items()}
    seen.clear()
    found = train_model(network(), averaged, data, seed=0)
    assert len(seen) == len(steps) and equal(seen[-1], steps[-1])  # the steps are what they were
    for name, value in found.state_dict.items():
        if value.is_floating_point():
            torch.testing.assert_close(value.double(), wanted[name], rtol=1e-4, atol=1e-6)
        else:
            assert torch.equal(value, plain.state_dict[name])
    assert not equal(found.state_dict, plain.state_dict)


def test_tables_of_whole_numbers_are_not_averaged(averaged, data, network) -> None:
    model = network()
    table = torch.arange(1000)
    model.register_buffer("table", table.clone())
    model.register_buffer("mask", table % 2 == 0)
    found = train_model(model, replace(averaged, ema=0.9), data, seed=0).state_dict
    assert torch.equal(found["table"], table) and torch.equal(found["mask"], table % 2 == 0)


def test_what_is_judged_is_the_average(averaged, data, network) -> None:
    model = network()
    found = train_model(model, averaged, data, seed=0)
    assert equal(found.state_dict, model.state_dict())
    assert evaluate(model, averaged, data, "val")["accuracy"] == found.metrics["accuracy"]


@pytest.mark.parametrize("optimizer", ["adamw", "lamb"])
def test_an_average_goes_on_from_a_checkpoint_as_if_there_had_been_no_break(
    optimizer, averaged, data, network, tmp_path: Path
) -> None:
    said = replace(averaged, epochs=3, optimizer=optimizer)
    whole = train_model(network(), said, data, seed=0)
    path = tmp_path / "training.ckpt"
    first = train_model(network(), said, data, seed=0, checkpoint=path, until=1)
    kept = Sealed().load_checkpoint(path, weights_only=True)
    own = dict(kept["state_dict"])
    assert all(torch.equal(own[f"model.{n}"], v) for n, v in first.state_dict.items())
    weights = kept["current_model_state"]
    assert not all(torch.equal(own[name], weights[name]) for name in own)
    rest = train_model(network(), said, data, seed=0, checkpoint=path)
    assert rest.history == whole.history and equal(rest.state_dict, whole.state_dict)
    again = train_model(network(), said, data, seed=0, checkpoint=path)  # it is over
    assert again.history == whole.history and equal(again.state_dict, whole.state_dict)


def test_the_last_checkpoint_has_the_weights_and_their_average(
    averaged, data, network, tmp_path: Path
) -> None:
    plain = train_model(network(), replace(averaged, ema=None), data, seed=0)
    path = tmp_path / "last.ckpt"
    found = train_model(network(), averaged, data, seed=0, checkpoint=path)
    kept = Sealed().load_checkpoint(path, weights_only=True)
    weights, average = (
        {name.removeprefix("model."): value for name, value in kept[key].items()
         if name.startswith("model.")}
        for key in ("current_model_state", "state_dict")
    )  # fmt: skip
    assert equal(weights, plain.state_dict)
    assert equal(average, found.state_dict)
    again = train_model(network(), averaged, data, seed=0, checkpoint=path)  # it is over
    assert equal(again.state_dict, found.state_dict)


def test_an_average_that_would_be_the_first_weights_is_refused(averaged, data, network) -> None:
    with pytest.raises(SearchError) as caught:
        train_model(network(), replace(averaged, ema=0.9999), data, seed=0)
    steps = data.steps * averaged.epochs
    assert str(caught.value) == (
        f"recipe: ema is 0.9999, and this training has {steps} steps: the average would be 100% "
        "the weights after the first.  write  train.ema: none"
    )


@pytest.mark.parametrize(
    ("decay", "steps", "cure"),
    [(0.9999, 300, "0.985, or none"), (0.5, 1, "none"), (0.999, 8, "none")],
)
def test_the_cure_for_a_slow_average_is_one_that_passes(decay, steps, cure) -> None:
    with pytest.raises(SearchError) as caught:
        refuse_one_that_remembers(decay, steps)
    assert str(caught.value).endswith(f"write  train.ema: {cure}")
    if cure != "none":
        refuse_one_that_remembers(float(cure.removesuffix(", or none")), steps)
    refuse_one_that_remembers(decay, 10_000)
