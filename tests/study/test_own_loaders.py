"""Searches on data of the user's own: refused before the first trial, or the same trials."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.errors import SearchError
from archdsl.spaces import Space
from archdsl.study import search

CODE = """
import itertools

import lightning.pytorch as pl
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

GENERATOR = torch.Generator().manual_seed(0)
LABELS = torch.arange(60) % 2
IMAGES = torch.rand(60, 1, 8, 8, generator=GENERATOR) + LABELS[:, None, None, None]


class Stream(IterableDataset):
    def __iter__(self):
        return itertools.cycle(zip(IMAGES, LABELS, strict=True))


class Shuffled(pl.LightningDataModule):
    def train_dataloader(self):
        return DataLoader(TensorDataset(IMAGES, LABELS), batch_size=16, shuffle=True)

    def val_dataloader(self):
        return DataLoader(TensorDataset(IMAGES, LABELS), batch_size=16)

    test_dataloader = val_dataloader


class Streamed(Shuffled):
    def train_dataloader(self):
        return DataLoader(Stream(), batch_size=16)


class Dicts(Shuffled):
    def val_dataloader(self):
        rows = [{"image": x, "label": y} for x, y in zip(IMAGES, LABELS, strict=True)]
        return DataLoader(rows, batch_size=30)

    train_dataloader = test_dataloader = val_dataloader


class OfDicts(pl.LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, batch_idx):
        return cross_entropy(self.model(batch["image"]), batch["label"])

    def validation_step(self, batch, batch_idx):
        self.log("f1", (self.model(batch["image"]).argmax(1) == batch["label"]).float().mean())

    def test_step(self, batch, batch_idx):
        self.validation_step(batch, batch_idx)
        self.log("spread", float("inf"))

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=0.1)
"""


@pytest.fixture
def mine(tiny, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Space]]:
    (tmp_path / "streams.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)

    def space(datamodule: str, objective: str = "accuracy", **proxy: Any) -> Space:
        patches = {
            "classes": 2, "block.token_mixer": {"choice": ["identity", "pooling"]},
            "params.width": 8, "stages.0.depth": 1, "stages.1.depth": 1,
        }  # fmt: skip
        settings = {"datamodule": f"streams:{datamodule}", "epochs": 2, **proxy}
        return tiny(patches, trials=2, proxy=settings, maximize=objective)

    yield space
    sys.modules.pop("streams", None)


def test_a_stream_is_refused_before_the_first_trial_and_searched_with_its_steps(
    mine, tmp_path
) -> None:
    space = mine("Streamed")
    with pytest.raises(SearchError, match=r"write  search\.proxy\.steps_per_epoch: N$"):
        search(space, out=tmp_path / "run", settings=space.spec.settings())
    assert not (tmp_path / "run").exists()
    space = mine("Streamed", steps_per_epoch=4)
    result = search(space, out=tmp_path / "run", settings=space.spec.settings())
    assert [trial.state for trial in result.trials] == ["complete", "complete"]
    assert "2 epochs of 4 steps each" in (tmp_path / "run" / "report.html").read_text()
    other = mine("Streamed", steps_per_epoch=5)
    with pytest.raises(SearchError, match=r"search\.proxy\.steps_per_epoch was 4, and now it is 5"):
        search(other, out=tmp_path / "run", settings=other.spec.settings())


def test_the_look_before_the_first_trial_changes_no_trial(mine, tmp_path, monkeypatch) -> None:
    space = mine("Shuffled")
    looked = search(space, out=tmp_path / "looked", settings=space.spec.settings())
    monkeypatch.setattr(
        "archdsl.study.engines.proxy_training.ProxyTraining._look", lambda *given: None
    )
    blind = search(space, out=tmp_path / "blind", settings=space.spec.settings())
    assert [trial.epochs for trial in looked.trials] == [trial.epochs for trial in blind.trials]
    assert looked.trials[0].epochs[0] != looked.trials[0].epochs[1]


def test_figures_of_a_module_of_ones_own_are_held_out_and_reported(mine, tmp_path) -> None:
    space = mine("Dicts", "f1", module="streams:OfDicts")
    result = search(space, out=tmp_path / "run", settings=space.spec.settings())
    rows = json.loads((tmp_path / "run" / "test.json").read_text())
    (row,) = [one for one in rows if one["trial"] == result.best.number]
    look = row["metrics"]
    assert look.keys() == {"f1", "spread", "n"}
    assert (look["n"], look["spread"]) == (60, "inf")
    page = (tmp_path / "run" / "report.html").read_text()
    assert "On the test split" in page and "There is no interval" in page
    assert archdsl.load(tmp_path / "run" / "best.yaml").tree["found"]["test"] == look


def test_a_metric_that_ones_own_module_does_not_log_is_found_before_the_first_trial(
    mine, tmp_path
) -> None:
    space = mine("Dicts", "f2", module="streams:OfDicts")
    with pytest.raises(SearchError) as caught:
        search(space, out=tmp_path / "run", settings=space.spec.settings())
    assert str(caught.value) == "no metric is called 'f2'.  the proxy logs: f1 train_loss"
    assert not (tmp_path / "run").exists()
