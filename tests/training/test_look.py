"""One batch of each sort through the user's own code, before the first trial."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
import torch

from archdsl.errors import SearchError
from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.evaluate import evaluate
from archdsl.training.look import look
from archdsl.training.train import train_model

INPUT = (1, 8, 8)
BESIDE = DataSource()
CODE = """
import lightning.pytorch as pl
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset


class Plain(pl.LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, batch_idx):
        images, labels = batch
        return cross_entropy(self.model(images), labels)

    def validation_step(self, batch, batch_idx):
        images, labels = batch
        self.log("f1", (self.model(images).argmax(1) == labels).float().mean())

    def test_step(self, batch, batch_idx, dataloader_idx=0):
        images, labels = batch
        self.log("f1", (self.model(images).argmax(1) == labels).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)


class OneCycle(Plain):
    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        total = self.trainer.estimated_stepping_batches
        self.log_total(total)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.1, total_steps=total)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]

    totals = []

    def log_total(self, total):
        self.totals.append(total)


class WantsDicts(Plain):
    def training_step(self, batch, batch_idx):
        return self.loss_of(batch)

    def loss_of(self, batch):
        return cross_entropy(self.model(batch["image"]), batch["label"])

    def validation_step(self, batch, batch_idx):
        self.loss_of(batch)
        self.log("f1", 0.5)


class Several(Plain):
    def validation_step(self, batch, batch_idx):
        self.log("f1", torch.zeros(3))


class Unoptimised(Plain):
    def configure_optimizers(self):
        return None


class Stepless(Plain):
    training_step = pl.LightningModule.training_step


class ByHand(Plain):
    def __init__(self, model):
        super().__init__(model)
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        self.optimizers().zero_grad()
        self.manual_backward(super().training_step(batch, batch_idx))
        self.optimizers().step()


class Lossless(Plain):
    def training_step(self, batch, batch_idx):
        super().training_step(batch, batch_idx)


class LogsOnce(Plain):
    def validation_step(self, batch, batch_idx):
        if self.current_epoch == 0:
            super().validation_step(batch, batch_idx)


class LogsNoTest(Plain):
    def test_step(self, batch, batch_idx):
        pass


class Broken(Plain):
    def __init__(self, model):
        raise RuntimeError("no licence")


class Pairs(pl.LightningDataModule):
    number = 64
    batch_size = 16

    def setup(self, stage):
        generator = torch.Generator().manual_seed(0)
        labels = torch.arange(self.number) % 2
        images = torch.rand(self.number, 1, 8, 8, generator=generator)
        self.data = TensorDataset(images + labels[:, None, None, None], labels)

    def loader(self, data):
        return DataLoader(data, batch_size=self.batch_size)

    def train_dataloader(self):
        return self.loader(self.data)

    def val_dataloader(self):
        return self.loader(self.data)

    def test_dataloader(self):
        return self.loader(self.data)


class OneLeft(Pairs):
    number = 33


class NoneAtTimes(Pairs):
    def train_dataloader(self):
        return DataLoader(self.data, batch_size=self.batch_size, collate_fn=self.collated)

    def collated(self, rows):
        return None


class Dicts(Pairs):
    def loader(self, data):
        rows = [{"image": image, "label": label} for image, label in data]
        return DataLoader(rows, batch_size=self.batch_size)


class MadePairs(Dicts):
    def on_after_batch_transfer(self, batch, dataloader_idx):
        return batch["image"], batch["label"]


class BadValidation(Pairs):
    def val_dataloader(self):
        images, labels = self.data.tensors
        return self.loader(TensorDataset(images, torch.eye(2)[labels]))

    test_dataloader = val_dataloader


class BadRows(Pairs):
    def loader(self, data):
        return DataLoader(data, batch_size=self.batch_size, collate_fn=self.collated)

    def collated(self, rows):
        raise KeyError("label")


class ManyTests(Pairs):
    def test_dataloader(self):
        return [self.loader(self.data), self.loader(self.data)]


class SplitInFit(Pairs):
    def setup(self, stage):
        if stage == "fit":
            super().setup(stage)


class EmptyTest(Pairs):
    def test_dataloader(self):
        return DataLoader([])


class NoTest(Pairs):
    def test_dataloader(self):
        return None
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Recipe]]:
    """Recipes with classes of `looked.py`, forgotten after the test."""
    (tmp_path / "looked.py").write_text(CODE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)

    def recipe(datamodule: str | None = None, module: str | None = None) -> Recipe:
        names = {"datamodule": datamodule, "module": module}
        given = {key: f"looked:{name}" for key, name in names.items() if name is not None}
        return Recipe(epochs=3, **given)

    yield recipe
    sys.modules.pop("looked", None)


def code() -> ModuleType:
    return sys.modules["looked"]


def line_of(text: str) -> int:
    return 1 + CODE[: CODE.index(text)].count("\n")


def looked(network, recipe: Recipe, objectives: tuple[str, ...] = ()) -> None:
    data = prepare(recipe, BESIDE, INPUT, 2)
    look(network(classes=2), recipe, data, objectives)


def refused(network, recipe: Recipe, objectives: tuple[str, ...] = ()) -> str:
    with pytest.raises(SearchError) as caught:
        looked(network, recipe, objectives)
    return str(caught.value)


PAIRS = "the batch is ((16, 1, 8, 8) float32, (16,) int64)"
DICTS = "the batch is {image: (16, 1, 8, 8) float32, label: (16,) int64}"


def test_what_is_right_passes(network, mine) -> None:
    looked(network, mine("Pairs"), ("accuracy", "loss"))
    looked(network, mine("Pairs", "Plain"), ("f1", "train_loss"))
    looked(network, mine("Dicts", "WantsDicts"), ("f1",))
    looked(network, mine("MadePairs"), ("accuracy",))
    looked(network, mine("MadePairs", "Plain"), ("f1",))


def test_a_batch_that_the_training_of_archdsl_cannot_read(network, mine) -> None:
    assert refused(network, mine("Dicts")).startswith(
        "search.proxy.datamodule: a training batch of looked:Dicts is {image: (16, 1, 8, 8) "
        "float32, label: (16,) int64}, and the training of archdsl takes a pair.  "
    )
    assert refused(network, mine("BadValidation")) == (
        "search.proxy.datamodule: a validation batch of looked:BadValidation has labels of shape "
        "(16, 2), one column a class.  labels are class numbers:  labels.argmax(1)"
    )


def test_a_step_that_fails_is_named_with_its_place_in_the_users_file(network, mine) -> None:
    line = line_of('return cross_entropy(self.model(batch["image"])')
    assert refused(network, mine("Pairs", "WantsDicts")) == (
        f"search.proxy.module: looked.py:{line}: WantsDicts.training_step fails (TypeError: tuple "
        f"indices must be integers or slices, not str).  {PAIRS}"
    ).replace("tuple", "list")
    line = line_of("images, labels = batch\n        return")
    said = refused(network, mine("Dicts", "Plain"))
    assert said.startswith("search.proxy.module: looked.py:")
    assert "Plain.training_step fails (" in said and said.endswith(DICTS)


def test_a_step_of_validation_is_gone_through_too(network, mine) -> None:
    line = line_of('self.log("f1", torch.zeros(3))')
    said = refused(network, mine("Pairs", "Several"))
    assert said.startswith(
        f"search.proxy.module: looked.py:{line}: Several.validation_step fails (ValueError: "
        "`self.log(f1, "
    )


def test_a_datamodule_that_fails_is_named_with_its_place(network, mine) -> None:
    recipe = mine("BadRows")
    with pytest.raises(SearchError, match=r"gives no training batch \(KeyError: 'label'\)"):
        prepare(recipe, BESIDE, INPUT, 2)


def test_a_module_that_cannot_begin(network, mine) -> None:
    line = line_of('raise RuntimeError("no licence")')
    assert refused(network, mine("Pairs", "Broken")) == (
        f"search.proxy.module: looked.py:{line}: Broken.__init__ fails (RuntimeError: no licence)."
        f"  {PAIRS}"
    )


def test_a_module_that_trains_nothing(network, mine) -> None:
    assert refused(network, mine("Pairs", "Unoptimised")) == (
        "search.proxy.module: configure_optimizers of looked:Unoptimised gives no optimizer of its "
        "parameters, and nothing would be trained.  return one, as  "
        "torch.optim.AdamW(self.parameters())"
    )
    assert refused(network, mine("Pairs", "Stepless")).startswith(
        "search.proxy.module: looked:Stepless cannot be used (MisconfigurationException: "
    )
    looked(network, mine("Pairs", "ByHand"), ("f1",))
    assert refused(network, mine("Pairs", "Lossless")) == (
        "search.proxy.module: training_step of looked:Lossless returns no loss, and nothing is "
        "trained.  return it"
    )


def test_a_metric_is_of_the_epoch_in_which_it_was_logged(network, mine) -> None:
    for name, known in (("LogsOnce", [True, False, False]), ("Plain", [True] * 3)):
        recipe = mine("Pairs", name)
        done = train_model(network(classes=2), recipe, prepare(recipe, BESIDE, INPUT, 2), seed=0)
        assert ["f1" in metrics for metrics in done.history] == known


def test_batches_that_are_none(network, mine) -> None:
    assert refused(network, mine("NoneAtTimes")) == (
        "search.proxy.datamodule: the training loader of looked:NoneAtTimes gives None for 1 of 1 "
        "batches in epoch 1, and they are passed over.  leave them out"
    )


def test_an_objective_that_is_not_logged(network, mine) -> None:
    assert refused(network, mine("Pairs", "Plain"), ("f2",)) == (
        "no metric is called 'f2'.  the proxy logs: f1 train_loss"
    )


def test_a_schedule_of_the_modules_own_is_that_of_the_whole_training(network, mine) -> None:
    looked(network, mine("Pairs", "OneCycle"), ("f1",))
    recipe = dataclasses.replace(mine("Pairs", "OneCycle"), steps_per_epoch=2)
    looked(network, recipe, ("f1",))
    assert code().OneCycle.totals == [12, 6]


def test_a_last_batch_of_one_image_is_refused_where_batch_norm_has_no_variance(mine) -> None:
    def network(classes: int) -> torch.nn.Module:
        return torch.nn.Sequential(
            torch.nn.Flatten(), torch.nn.Linear(64, 4), torch.nn.BatchNorm1d(4),
            torch.nn.Linear(4, classes),
        )  # fmt: skip

    assert refused(network, mine("OneLeft")) == (
        "search.proxy.datamodule: the last batch of looked:OneLeft has one image, and batch norm "
        "needs two for a variance.  write drop_last=True, or another batch_size"
    )
    looked(network, mine("Pairs"))
    looked(network, dataclasses.replace(mine("OneLeft"), steps_per_epoch=2))


def test_a_batch_of_one_image_is_fine_without_batch_norm(mine) -> None:
    def network(classes: int) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, classes))

    looked(network, mine("OneLeft"))


def test_a_look_leaves_the_process_and_the_data_as_they_were(network, mine) -> None:
    recipe = mine("Pairs", "Plain")
    data = prepare(recipe, BESIDE, INPUT, 2)
    torch.manual_seed(3)
    before = torch.get_rng_state()
    look(network(classes=2), recipe, data, ("f1",))
    assert torch.equal(torch.get_rng_state(), before)
    assert not hasattr(data.datamodule, "data"), "trials set it up themselves"


def test_a_module_on_bundled_data(network, source, mine) -> None:
    module = mine(module="Plain")
    data = prepare(module, source, INPUT, 10)
    look(network(), module, data, ("f1",))
    wrong = dataclasses.replace(module, module="looked:WantsDicts")
    with pytest.raises(SearchError) as caught:
        look(network(), wrong, prepare(wrong, source, INPUT, 10), ())
    assert str(caught.value).endswith(
        ".  a batch is a pair: images (B, C, H, W), float32, and labels (B,), int64"
    )


def seen(network, recipe: Recipe) -> dict[str, float]:
    return evaluate(network(classes=2), recipe, prepare(recipe, BESIDE, INPUT, 2), "test")


def test_the_look_at_the_test_split_counts_images_and_never_batches(network, mine) -> None:
    assert seen(network, mine("Pairs"))["n"] == 64
    assert seen(network, mine("MadePairs", "Plain"))["n"] == 64
    assert seen(network, mine("SplitInFit"))["n"] == 64
    both = seen(network, mine("ManyTests", "Plain"))
    assert both["n"] == 128
    assert both.keys() == {"f1/dataloader_idx_0", "f1/dataloader_idx_1", "n"}


def test_a_test_split_that_cannot_be_looked_at_is_said_in_words(network, mine) -> None:
    for recipe, words in [
        (mine("BadValidation"), "a test batch of looked:BadValidation has labels of shape (16, 2)"),
        (mine("NoTest"), "NoTest"),
        (mine("ManyTests"), "test_dataloader returns 2 loaders, and the training of archdsl takes"),
        (mine("EmptyTest"), "split: the test loader gives no batch"),
        (mine("Pairs", "LogsNoTest"), "split: test_step logs nothing"),
        (mine("Dicts", "Plain"), "Plain.test_step fails ("),
    ]:
        with pytest.raises(SearchError) as caught:
            seen(network, recipe)
        assert str(caught.value).startswith("there is no look at the test split: ")
        assert words in str(caught.value)
