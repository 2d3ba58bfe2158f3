"""Judging a trained model on the split that a search sees, and on the one that it does not."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from archdsl.components.component import component
from archdsl.errors import SearchError
from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.evaluate import evaluate
from archdsl.training.train import train_model

INPUT = (1, 8, 8)
CODE = """
import lightning.pytorch as pl
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset


class Module(pl.LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, batch_idx):
        return cross_entropy(self.model(batch[0]), batch[1])

    def validation_step(self, batch, batch_idx, dataloader_idx=0):
        self.log("f1", (self.model(batch[0]).argmax(1) == batch[1]).float().mean())

    test_step = validation_step

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Silent(Module):
    def validation_step(self, batch, batch_idx):
        pass


class Failing(Module):
    def validation_step(self, batch, batch_idx):
        raise OSError("no licence")


class Data(pl.LightningDataModule):
    def setup(self, stage):
        labels = torch.arange(80) % 10
        images = torch.rand(80, 1, 8, 8) + labels[:, None, None, None]
        where = torch.randperm(80)  # a split at random, which is to be the same each time
        cut = lambda a, b: TensorDataset(images[where[a:b]], labels[where[a:b]])
        self.parts = cut(0, 40), cut(40, 59), cut(59, 80)

    def train_dataloader(self):
        return DataLoader(self.parts[0], batch_size=20)

    def val_dataloader(self):
        return DataLoader(self.parts[1], batch_size=8)

    def test_dataloader(self):
        return DataLoader(self.parts[2], batch_size=8)
"""


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Where the classes above are, in a file that is forgotten after the test."""
    (tmp_path / "judged.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    yield DataSource(component("data", "digits", canvas=8, noise=0.0, clutter=0), tmp_path)
    sys.modules.pop("judged", None)


OWN = {"module": "judged:Module"}, {"datamodule": "judged:Data"}


@pytest.mark.parametrize("own", [{}, *OWN, OWN[0] | OWN[1]], ids=["none", "module", "data", "both"])
def test_the_validation_split_gives_the_metrics_of_the_last_epoch(network, beside, own) -> None:
    recipe = Recipe(epochs=2, lr=1e-2, **own)
    data = prepare(recipe, beside, INPUT, 10)
    model = network()
    done = train_model(model, recipe, data, seed=0)
    seen = evaluate(model, recipe, data, "val")
    assert seen.pop("n") == (19 if recipe.datamodule else 395)
    assert seen == {name: done.metrics[name] for name in seen}
    assert seen.keys() == done.metrics.keys() - {"train_loss"}
    weights = model.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in done.state_dict.items())
    tested = evaluate(model, recipe, data, "test")
    assert tested.pop("n") == (21 if recipe.datamodule else 395)
    assert tested.keys() == seen.keys()
    assert tested != seen


def test_an_npz_is_judged_by_its_own_splits(network, tmp_path) -> None:
    rng = np.random.default_rng(0)
    arrays = {}
    for split, count in (("train", 40), ("val", 20), ("test", 30)):
        arrays[f"x_{split}"] = rng.random((count, 8, 8), dtype=np.float32)
        arrays[f"y_{split}"] = np.arange(count) % 10
    np.savez(tmp_path / "a.npz", **arrays)
    recipe, source = Recipe(epochs=1), DataSource(component("data", "npz", path="a.npz"), tmp_path)
    data = prepare(recipe, source, INPUT, 10)
    model = network()
    train_model(model, recipe, data, seed=0)
    for split, count in (("val", 20), ("test", 30)):
        seen = evaluate(model, recipe, data, split)
        with torch.no_grad():
            logits = model.eval()(torch.from_numpy(arrays[f"x_{split}"])[:, None])
        hits = logits.argmax(1).numpy() == arrays[f"y_{split}"]
        assert seen["n"] == count
        assert seen["accuracy"] == pytest.approx(hits.mean())


def test_a_validation_takes_as_many_batches_as_the_recipe_says(network, source) -> None:
    recipe = Recipe(epochs=1, batch=16, validation_steps=2)
    data = prepare(recipe, source, INPUT, 10)
    assert evaluate(network(), recipe, data, "val")["n"] == 2 * 2 * 16
    assert evaluate(network(), recipe, data, "test")["n"] == 395


def test_a_split_that_cannot_be_judged_by_is_said_in_words(network, beside) -> None:
    for name, words in (
        ("Silent", "validation_step logs nothing"),
        ("Failing", "search.proxy.module: judged.py:32: Failing.validation_step fails ("),
    ):
        recipe = Recipe(module=f"judged:{name}")
        data = prepare(recipe, beside, INPUT, 10)
        with pytest.raises(SearchError) as caught:
            evaluate(network(), recipe, data, "val")
        assert str(caught.value).startswith(f"there is no look at the validation split: {words}")
    assert evaluate(network(), recipe, data, "test").keys() == {"f1", "n"}


def test_what_was_prepared_for_another_recipe_is_refused(network, recipe, digits) -> None:
    other = dataclasses.replace(recipe, size=6)
    words = (
        "the data (digits) were prepared with size: none, and now it is 6.  prepare them for this "
        "training"
    )
    for use in (
        lambda: evaluate(network(), other, digits, "val"),
        lambda: train_model(network(), other, digits, seed=0),
    ):
        with pytest.raises(SearchError) as caught:
            use()
        assert str(caught.value) == words
    longer = dataclasses.replace(recipe, epochs=1, lr=1.0)
    assert train_model(network(), longer, digits, seed=0).epochs == 1
