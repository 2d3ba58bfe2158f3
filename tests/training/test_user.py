from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

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

import {neighbour}


class Mine(pl.LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, batch_idx):
        images, labels = batch
        loss = cross_entropy(self.model(images), labels)
        self.log("my_loss", loss, on_epoch=True)
        return loss

    def on_train_epoch_end(self):
        self.log("late", float(self.current_epoch))

    def validation_step(self, batch, batch_idx):
        images, labels = batch
        hits = (self.model(images).argmax(1) == labels).float().mean()
        self.log("f1", hits)

    def test_step(self, batch, batch_idx):
        images, labels = batch
        self.log("f1", (self.model(images).argmax(1) == labels).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Picky(Mine):
    def __init__(self, model, width):
        super().__init__(model)


class Shades(pl.LightningDataModule):
    def setup(self, stage):
        generator = torch.Generator().manual_seed(0)
        labels = torch.arange(64) % 2
        images = torch.rand(64, 1, 8, 8, generator=generator) + labels[:, None, None, None]
        self.data = TensorDataset(images, labels)

    def train_dataloader(self):
        return DataLoader(self.data, batch_size=16, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.data, batch_size=32)

    def test_dataloader(self):
        return DataLoader(self.data, batch_size=48)


class Broken(Shades):
    def setup(self, stage):
        raise OSError("the disk is elsewhere")


class Empty(Shades):
    def train_dataloader(self):
        return []


class Untestable(Shades):
    test_dataloader = pl.LightningDataModule.test_dataloader


def function(model):
    return model
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the user's code, forgotten after the test."""
    (tmp_path / "neighbour_of_mine.py").write_text("")
    (tmp_path / "code_of_mine.py").write_text(CODE.format(neighbour="neighbour_of_mine"))
    (tmp_path / "lame_code.py").write_text("import a_module_that_is_not_there")
    (tmp_path / "wrong_code.py").write_text("1 / 0")
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.endswith(("_of_mine", "_code")):
            del sys.modules[name]


@pytest.fixture
def mine(folder: Path) -> Recipe:
    """A recipe with both classes of the user's own."""
    return Recipe(module="code_of_mine:Mine", datamodule="code_of_mine:Shades", epochs=12)


@pytest.fixture
def beside(folder: Path) -> DataSource:
    """Where they are looked for."""
    return DataSource(folder=folder)


def test_a_module_of_the_users_own_logs_the_metrics_there_are(mine, source, beside, network):
    recipe = dataclasses.replace(mine, datamodule=None)
    data = prepare(recipe, dataclasses.replace(beside, component=source.component), INPUT, 10)
    done = train_model(network(), recipe, data, seed=0)
    assert set(done.metrics) >= {"my_loss", "f1", "late", "train_loss"}
    assert [metrics["late"] for metrics in done.history] == list(range(12))


def test_data_and_module_of_the_users_own(mine, network, beside):
    data = prepare(mine, beside, INPUT, 2)
    assert data.info.words() == "code_of_mine:Shades: 1x8x8"
    one, same = (train_model(network(classes=2), mine, data, seed=1) for _ in range(2))
    assert one.history == same.history
    assert one.metrics["f1"] == 1.0


def test_data_of_the_users_own_for_the_usual_training(mine, network, beside):
    recipe = dataclasses.replace(mine, module=None)
    data = prepare(recipe, beside, INPUT, 2)
    done = train_model(network(classes=2), recipe, data, seed=0)
    assert done.metrics["accuracy"] == 1.0


def test_the_look_at_the_test_split_is_theirs_too(mine, network, beside):
    data = prepare(mine, beside, INPUT, 2)
    model = network(classes=2)
    train_model(model, mine, data, seed=0)
    assert evaluate(model, mine, data, "test") == {"f1": 1.0, "n": 64}
    usual = dataclasses.replace(mine, module=None)
    data = prepare(usual, beside, INPUT, 2)
    assert evaluate(model, usual, data, "test")["accuracy"] == 1.0


def test_a_datamodule_without_a_test_split(mine, network, beside):
    recipe = dataclasses.replace(mine, datamodule="code_of_mine:Untestable", module=None)
    data = prepare(recipe, beside, INPUT, 2)
    model = network(classes=2)
    train_model(model, recipe, data, seed=0)
    with pytest.raises(SearchError, match="`test_dataloader` must be implemented"):
        evaluate(model, recipe, data, "test")


def test_a_datamodule_that_does_not_fit_the_spec(mine, beside):
    with pytest.raises(SearchError, match=r"--set input=\[1,8,8\]"):
        prepare(mine, beside, (3, 8, 8), 2)
    with pytest.raises(SearchError, match="drop size, or datamodule"):
        prepare(dataclasses.replace(mine, size=12), beside, INPUT, 2)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no_such_code:Mine", "there is no module 'no_such_code'"),
        (
            "lame_code:Mine",
            "importing lame_code failed: No module named 'a_module_that_is_not_there'",
        ),
        (
            "wrong_code:Mine",
            r"importing wrong_code failed: ZeroDivisionError.*\(at .*wrong_code\.py:1:1\)",
        ),
        ("code_of_mine:Yours", "has no class 'Yours'.  of the right sort it has: Mine Picky"),
        ("code_of_mine:function", "has no class 'function'"),
        (
            "code_of_mine:Shades",
            r"Shades is no LightningModule.  derive it from lightning\.pytorch",
        ),
    ],
)
def test_a_module_that_cannot_be_used(folder, name, words):
    with pytest.raises(SearchError, match=rf"^search\.proxy\.module: .*{words}"):
        prepare(Recipe(module=name), DataSource(folder=folder), (1, 12, 12), 10)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("code_of_mine:Mine", "Mine is no LightningDataModule"),
        ("code_of_mine:Broken", r"gives no training batch \(OSError: the disk is elsewhere\)"),
        ("code_of_mine:Empty", "its train_dataloader is empty"),
    ],
)
def test_a_datamodule_that_cannot_be_used(folder, name, words):
    with pytest.raises(SearchError, match=rf"^search\.proxy\.datamodule: .*{words}"):
        prepare(Recipe(datamodule=name), DataSource(folder=folder), INPUT, 10)


def test_a_module_that_takes_more_than_the_model(recipe, beside, network):
    recipe = dataclasses.replace(recipe, module="code_of_mine:Picky", size=8)
    with pytest.raises(SearchError) as caught:
        prepare(recipe, beside, (1, 12, 12), 10)
    assert str(caught.value) == (
        "search.proxy.module: Picky needs its argument 'width'.  write  "
        "search.proxy.module.width: ...  or give it a default"
    )
    given = dataclasses.replace(recipe, module_options=(("width", 3),))
    train_model(network(), given, prepare(given, beside, (1, 12, 12), 10), seed=0)


def test_a_class_of_the_other_package_is_told_apart(folder):
    (folder / "other_code.py").write_text("from pytorch_lightning import LightningModule as Mine")
    with pytest.raises(SearchError, match=r"import its base from lightning\.pytorch"):
        prepare(Recipe(module="other_code:Mine"), DataSource(folder=folder), (1, 12, 12), 10)


def test_the_module_beside_the_spec_is_meant_and_no_other_is_taken_for_it(folder, tmp_path):
    (tmp_path / "other" / "pack").mkdir(parents=True)
    there = tmp_path / "other" / "code_of_mine.py"
    there.write_text(CODE.format(neighbour="neighbour_of_mine"))
    prepare(Recipe(datamodule="code_of_mine:Shades"), DataSource(folder=folder), INPUT, 2)
    with pytest.raises(SearchError) as caught:
        prepare(Recipe(datamodule="code_of_mine:Shades"), DataSource(folder=there.parent), INPUT, 2)
    assert str(caught.value) == (
        f"search.proxy.datamodule: Python takes code_of_mine from {folder / 'code_of_mine.py'}, "
        f"and there is {there}, too.  rename one, or start Python anew if it ran another spec"
    )
    there.unlink()  # there may be none, and then it is what Python finds
    prepare(Recipe(datamodule="code_of_mine:Shades"), DataSource(folder=there.parent), INPUT, 2)
