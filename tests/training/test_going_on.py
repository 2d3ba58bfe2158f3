"""A training that goes on from its checkpoint is the training without a break, bit for bit."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from archdsl.training import DataSource, Prepared, Recipe, prepare
from archdsl.training.checkpoint import Sealed
from archdsl.training.train import Trained, train_model
from tests import started

CODE = """
import lightning.pytorch as pl
import torch
from lightning.pytorch.callbacks import EarlyStopping, StochasticWeightAveraging
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset


class Usual(pl.LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, batch_idx):
        images, labels = batch
        return cross_entropy(self.model(images), labels)

    def validation_step(self, batch, batch_idx):
        images, labels = batch
        self.log("loss", cross_entropy(self.model(images), labels))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1, momentum=0.9)


class Epochwise(Usual):
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        return [optimizer], [torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)]


class Plateau(Usual):  # no epoch is better than the one before: the rate falls each time
    def configure_optimizers(self):
        optimizer = super().configure_optimizers()
        schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(
            optimizer, patience=0, factor=0.5, threshold=1.0
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "monitor": "loss"}}


class EverySecond(Plateau):
    def configure_optimizers(self):
        given = super().configure_optimizers()
        given["lr_scheduler"]["frequency"] = 2
        return given


class ByHand(Usual):
    def __init__(self, model):
        super().__init__(model)
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        loss = super().training_step(batch, batch_idx)
        self.manual_backward(loss)
        optimizer.step()
        return loss


class Averaged(Usual):  # what it does at the end, it does once
    def setup(self, stage):
        self.register_buffer("mean", next(self.model.parameters()).detach().clone())

    def on_train_epoch_end(self):
        self.mean.lerp_(next(self.model.parameters()).detach(), 0.3)

    def on_train_end(self):
        with torch.no_grad():
            weight = next(self.model.parameters())
            weight.copy_(weight * 0.5 + self.mean)


class Counted(Usual):  # a state of its own, which is no tensor
    seen = 0

    def training_step(self, batch, batch_idx):
        self.seen += 1
        return super().training_step(batch, batch_idx) * (1 + 0.01 * self.seen)

    def on_save_checkpoint(self, checkpoint):
        checkpoint["seen"] = Seen(self.seen)

    def on_load_checkpoint(self, checkpoint):
        self.seen = checkpoint["seen"].number


class Seen:
    def __init__(self, number):
        self.number = number


class EndsItself(Usual):
    def configure_callbacks(self):
        return [EarlyStopping("loss", patience=1, mode="max", min_delta=10.0)]


class Still(pl.LightningDataModule):
    shuffle = {}

    def setup(self, stage):
        generator = torch.Generator().manual_seed(0)
        labels = torch.arange(40) % 2
        images = torch.rand(40, 1, 8, 8, generator=generator) + labels[:, None, None, None]
        self.data = TensorDataset(images, labels)

    def train_dataloader(self):
        return DataLoader(self.data, batch_size=16, **self.shuffle)

    def val_dataloader(self):
        return DataLoader(self.data, batch_size=20)


class Shuffled(Still):
    shuffle = {"shuffle": True}


class OwnGenerator(Still):
    def train_dataloader(self):
        generator = torch.Generator().manual_seed(5)
        return DataLoader(self.data, batch_size=16, shuffle=True, generator=generator)


class Workers(Still):
    shuffle = {"shuffle": True, "num_workers": 1}


class Stateful(Still):  # what it keeps from epoch to epoch, it gives and takes
    def setup(self, stage):
        super().setup(stage)
        self.scale = 1.0

    def on_after_batch_transfer(self, batch, dataloader_idx):
        if self.trainer.training:
            self.scale *= 0.9
        return batch[0] * self.scale, batch[1]

    def state_dict(self):
        return {"scale": self.scale}

    def load_state_dict(self, state):
        self.scale = state["scale"]
"""
EPOCHS = 4


class Break(Exception):
    pass


def equal(one: Trained, other: Trained) -> bool:
    same = one.state_dict.keys() == other.state_dict.keys() and all(
        torch.equal(one.state_dict[name], other.state_dict[name]) for name in one.state_dict
    )
    return same and one.history == other.history


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Prepared]]:
    """Data for four epochs, with classes of the user's own by name."""
    (tmp_path / "resumed.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)

    def prepared(module: str | None = None, datamodule: str | None = None) -> Prepared:
        named = {"module": module, "datamodule": datamodule}
        own = {name: f"resumed:{cls}" for name, cls in named.items() if cls is not None}
        limits = {} if datamodule else {"steps_per_epoch": 3, "validation_steps": 1}
        recipe = Recipe(epochs=EPOCHS, lr=1e-2, **own, **limits)
        classes = 2 if datamodule else 10
        source = DataSource(folder=tmp_path) if datamodule else None
        if source is None:
            from tests.training.conftest import SOURCE

            source = dataclasses.replace(SOURCE, folder=tmp_path)
        return prepare(recipe, source, (1, 8, 8), classes)

    yield prepared
    sys.modules.pop("resumed", None)


def broken_in(
    data: Prepared, make: Callable[..., Any], path: Path, epoch: int, *, stopped: bool
) -> tuple[Trained, list[int]]:
    """A training broken in an epoch and gone on with, and the epochs that it reported."""
    seen: list[int] = []
    broken = False

    def listen(number: int, metrics: dict[str, float]) -> None:
        nonlocal broken
        seen.append(number)
        if number == epoch and not stopped and not broken:
            broken = True
            raise Break

    def train(should_stop: Callable[[], bool]) -> Trained:
        model = make(classes=data.classes)
        return train_model(
            model, data.recipe, data, 3, on_epoch=listen, should_stop=should_stop, checkpoint=path
        )

    if stopped:
        train(lambda: seen[-1] == epoch)
    else:
        with pytest.raises(Break):
            train(lambda: False)
    return train(lambda: False), seen


CASES = [
    (None, None), ("Usual", None), ("Epochwise", None), ("Plateau", None), ("EverySecond", None),
    ("ByHand", None), ("Averaged", None), ("Counted", None),
    (None, "Still"), (None, "Shuffled"), (None, "OwnGenerator"),
    pytest.param(None, "Workers", marks=pytest.mark.slow),
    (None, "Stateful"), ("Plateau", "Shuffled"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "datamodule"), CASES)
@pytest.mark.parametrize("stopped", [True, False])
def test_a_break_after_any_epoch_changes_nothing(
    mine, network, tmp_path: Path, module: str | None, datamodule: str | None, stopped: bool
) -> None:
    data = mine(module, datamodule)
    whole = train_model(network(classes=data.classes), data.recipe, data, 3)
    assert whole.epochs == EPOCHS
    for epoch in (0, 2, 3):
        path = tmp_path / f"{epoch}.ckpt"
        done, seen = broken_in(data, network, path, epoch, stopped=stopped)
        assert equal(done, whole), epoch
        # one that was told of, and not saved any more, is told of again
        again = [] if stopped else [epoch]
        assert seen == sorted([*range(EPOCHS), *again])
        finished, none = broken_in(data, network, path, epoch, stopped=True)
        assert equal(finished, whole)
        assert none == []


@pytest.mark.parametrize(
    ("module", "datamodule"), [(None, None), ("Averaged", None), ("Plateau", "Shuffled")]
)
def test_a_training_that_is_put_aside_goes_on_as_if_it_had_not_been(
    mine, network, tmp_path: Path, module: str | None, datamodule: str | None
) -> None:
    data = mine(module, datamodule)
    whole = train_model(network(classes=data.classes), data.recipe, data, 3)
    seen: list[int] = []

    def train(until: int | None) -> Trained:
        return train_model(
            network(classes=data.classes), data.recipe, data, 3, until=until,
            checkpoint=tmp_path / "state.ckpt", on_epoch=lambda epoch, metrics: seen.append(epoch),
        )  # fmt: skip

    for until in (1, 1, 3):  # once more where it stands already, as after a kill
        assert train(until).history == whole.history[:until]
        assert seen == list(range(until))
    assert equal(train(EPOCHS), whole)
    assert equal(train(None), whole)
    assert seen == list(range(EPOCHS))


def test_a_training_that_ended_itself_is_over(mine, network, tmp_path: Path) -> None:
    data = mine("EndsItself")
    whole = train_model(network(), data.recipe, data, 3)
    assert whole.epochs == 2 < EPOCHS
    for epoch in range(2):
        path = tmp_path / f"{epoch}.ckpt"
        assert equal(broken_in(data, network, path, epoch, stopped=False)[0], whole)
        assert equal(broken_in(data, network, path, epoch, stopped=True)[0], whole)


def test_the_epochs_before_are_given_once_when_it_goes_on(
    network, recipe, digits, tmp_path: Path
) -> None:
    path, given, seen = tmp_path / "state.ckpt", [], []

    def train(should_stop: Callable[[], bool] = lambda: False) -> Trained:
        return train_model(
            network(), recipe, digits, 0, checkpoint=path, on_resume=given.append,
            on_epoch=lambda epoch, metrics: seen.append(epoch), should_stop=should_stop,
        )  # fmt: skip

    train(lambda: True)
    assert (given, seen) == ([], [0])
    done = train()
    assert (given, seen) == ([done.history[:1]], [0, 1])


def test_a_state_is_there_after_each_epoch(network, recipe, digits, tmp_path: Path) -> None:
    path, found = tmp_path / "state.ckpt", []

    def listen(epoch: int, metrics: dict[str, float]) -> None:
        there = path.exists() and Sealed().load_checkpoint(path, weights_only=True)
        found.append(there and len(there["training"]["history"]))

    longer = dataclasses.replace(recipe, epochs=3)
    train_model(network(), longer, digits, 0, checkpoint=path, on_epoch=listen)
    assert found == [False, 1, 2]
    assert len(Sealed().load_checkpoint(path, weights_only=True)["training"]["history"]) == 3


def test_a_state_that_is_damaged_is_trained_again_from_the_start(
    network, recipe, digits, tmp_path: Path
) -> None:
    path, seen = tmp_path / "state.ckpt", []
    whole = train_model(network(), recipe, digits, 0, checkpoint=path, should_stop=lambda: True)
    path.write_bytes(path.read_bytes()[:-1])
    done = train_model(
        network(), recipe, digits, 0, checkpoint=path, on_epoch=lambda e, m: seen.append(e)
    )
    assert seen == [0, 1]
    assert done.history[:1] == whole.history


KILLED = """
import os, signal, sys, threading
from pathlib import Path
import torch
from torch import nn
from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.train import train_model

torch.manual_seed(0)
recipe = Recipe(epochs=30, steps_per_epoch=2, validation_steps=1)
network = nn.Sequential(nn.Flatten(), nn.Linear(144, 64), nn.Dropout(0.1), nn.Linear(64, 10))
data = prepare(recipe, DataSource(), (1, 12, 12), 10)
seen = 0

def kill(epoch, metrics):
    global seen
    seen += 1
    if seen == 3:
        delay = float(sys.argv[2])
        threading.Timer(delay, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()

done = train_model(network, recipe, data, 0, checkpoint=Path(sys.argv[1]), on_epoch=kill)
torch.save((done.history, done.state_dict), sys.argv[1] + ".done")
os._exit(0)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_at_any_moment_goes_on(tmp_path: Path) -> None:
    def finished(path: Path, *delays: float) -> tuple[Any, dict[str, Tensor]]:
        for number, delay in enumerate([*delays, 1000.0]):
            command = [*started.python(), "-c", KILLED, str(path), str(delay)]
            done = subprocess.run(command, env={**os.environ, "OMP_NUM_THREADS": "1"})
            killed = done.returncode == -signal.SIGKILL
            assert killed or done.returncode == 0
            assert killed or number == len(delays) or path.with_name(path.name + ".done").exists()
        history, state = torch.load(path.with_name(path.name + ".done"), weights_only=True)
        return history, state

    history, state = finished(tmp_path / "whole")
    for number, delay in enumerate((0.0, 0.004, 0.01)):
        again, same = finished(tmp_path / f"killed-{number}", delay)
        assert again == history
        assert all(torch.equal(state[name], same[name]) for name in state)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".tmp") == []
