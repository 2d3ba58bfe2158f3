"""A batch in parts: the gradient, the loss and the images of the whole."""

from __future__ import annotations

import dataclasses
import sys
from collections import namedtuple
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from archdsl.training import DataSource, Recipe, prepare
from archdsl.training.failures import NotDivisible
from archdsl.training.micro_batches import shares
from archdsl.training.train import train_model

Pair = namedtuple("Pair", "images labels")


@dataclasses.dataclass
class Held:
    images: Tensor
    labels: Tensor
    scale: float = 1.0


def batch_of(kind: str, number: int) -> Any:
    images, labels = torch.rand(number, 1, 2, 2), torch.arange(number)
    names = [f"{k}.png" for k in range(number)]
    return {
        "tuple": (images, labels),
        "list": [images, labels],
        "dict": {"image": images, "label": labels, "names": names, "scale": torch.tensor(2.0)},
        "named": Pair(images, labels),
        "dataclass": Held(images, labels),
        "views": ((images, images + 1), labels),
        "alone": images,
    }[kind]


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for item in value.values() for leaf in leaves(item)]
    if dataclasses.is_dataclass(value):
        return [leaf for item in vars(value).values() for leaf in leaves(item)]
    if isinstance(value, (tuple, list)) and not all(isinstance(i, str) for i in value):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


KINDS = ("tuple", "list", "dict", "named", "dataclass", "views", "alone")


@given(kind=st.sampled_from(KINDS), number=st.integers(1, 13), parts=st.integers(2, 8))
def test_the_parts_of_a_batch_are_the_batch(kind: str, number: int, parts: int) -> None:
    batch = batch_of(kind, number)
    cut = shares(batch, parts)
    assert len(cut) == min(parts, number)
    assert sum(share for _, share in cut) == pytest.approx(1)
    assert all(type(part) is type(batch) for part, _ in cut)
    for whole, *pieces in zip(leaves(batch), *(leaves(part) for part, _ in cut), strict=True):
        if isinstance(whole, Tensor) and whole.ndim > 0:
            assert torch.equal(torch.cat(pieces), whole)
            assert [len(piece) for piece in pieces] == [round(s * number) for _, s in cut]
            assert max(map(len, pieces)) - min(map(len, pieces)) <= 1
        elif isinstance(whole, list):
            assert [name for piece in pieces for name in piece] == whole
        else:
            assert all(piece is whole or piece == whole for piece in pieces)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        (torch.rand(4, 3), "(4, 3) float32"),
        ((torch.rand(4, 1, 2, 2), torch.arange(3)), "((4, 1, 2, 2) float32, (3,) int64)"),
        (
            (torch.rand(4, 1, 2, 2), torch.arange(4), torch.rand(9, 2)),
            "((4, 1, 2, 2) float32, (4,) int64, (9, 2) float32)",
        ),
        ((torch.rand(4, 1, 2, 2), object()), "((4, 1, 2, 2) float32, a object)"),
    ],
)
def test_a_batch_without_telling_what_belongs_to_which_image_is_refused(batch, words) -> None:
    with pytest.raises(NotDivisible) as caught:
        shares(batch, 2)
    assert str(caught.value) == (
        f"search.proxy.datamodule: a training batch is {words}, and there is no telling what of "
        "it belongs to which image: it cannot be taken in parts.  write a smaller batch"
    )


def without_chance(classes: int = 10) -> nn.Module:
    """A network without dropout and batch norm, of which parts of a batch know nothing."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1), nn.GELU(), nn.AdaptiveAvgPool2d(2), nn.Flatten(),
            nn.Linear(32, classes),
        )  # fmt: skip


# 50 images in 3 parts are 17, 17 and 16; in 64 they are alone
@pytest.mark.parametrize("parts", [2, 3, 64])
@pytest.mark.parametrize("precision", ["32", "bf16"])
def test_a_training_in_parts_is_that_of_whole_batches_up_to_rounding(
    digits, parts: int, precision: str
) -> None:
    recipe = Recipe(
        epochs=2, lr=1e-3, batch=50, steps_per_epoch=3, validation_steps=1, precision=precision
    )
    data = dataclasses.replace(digits, recipe=recipe, steps=3)
    seen: list[list[int]] = [[], []]

    def watched(which: int) -> nn.Module:
        model = without_chance()
        model.register_forward_pre_hook(
            lambda module, args: seen[which].append(len(args[0])) if module.training else None
        )
        return model

    whole = train_model(watched(0), recipe, data, 0)
    split = train_model(watched(1), recipe, data, 0, accumulate=parts)
    assert seen[0] == [50] * 6
    assert len(seen[1]) == 6 * min(parts, 50)
    assert sum(seen[1]) == 300
    close = {"rel": 1e-5, "abs": 1e-5} if precision == "32" else {"rel": 0.02, "abs": 0.02}
    for one, other in zip(whole.history, split.history, strict=True):
        assert other["train_loss"] == pytest.approx(one["train_loss"], **close)
        assert other["loss"] == pytest.approx(one["loss"], **close)
    assert_close(split.state_dict, whole.state_dict, 1e-5 if precision == "32" else 5e-3)


def assert_close(one: dict[str, Tensor], other: dict[str, Tensor], atol: float) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(value, other[name], rtol=0, atol=atol)


@pytest.mark.parametrize("parts", [2, 3, 7, 64])
def test_a_validation_is_taken_in_parts_too_for_the_same_metrics(digits, parts: int) -> None:
    recipe = Recipe(
        epochs=1, lr=1e-30, weight_decay=0, batch=50, steps_per_epoch=1, validation_steps=2
    )
    data = dataclasses.replace(digits, recipe=recipe, steps=1)
    size = 50 * recipe.validation_batch
    seen: list[list[int]] = [[], []]

    def watched(which: int) -> nn.Module:
        model = without_chance()
        model.register_forward_pre_hook(
            lambda module, args: None if module.training else seen[which].append(len(args[0]))
        )
        return model

    whole = train_model(watched(0), recipe, data, 0).metrics
    split = train_model(watched(1), recipe, data, 0, accumulate=parts).metrics
    assert seen[0][0] == size and sum(seen[0]) == sum(seen[1])
    assert max(seen[1]) == -(-size // parts)
    assert split["accuracy"] == whole["accuracy"]
    assert split["macro_accuracy"] == whole["macro_accuracy"]
    assert split["loss"] == pytest.approx(whole["loss"], rel=1e-6)


def test_a_validation_batch_that_cannot_be_cut_stays_whole(mine) -> None:
    data = mine("OfRows", "OpaqueWhenJudged")
    whole = train_model(without_chance(2), data.recipe, data, 0)
    split = train_model(without_chance(2), data.recipe, data, 0, accumulate=2)
    assert split.metrics == pytest.approx(whole.metrics, rel=1e-5)


def test_a_module_that_is_told_what_its_step_returned_is_told_of_the_whole_batch(mine) -> None:
    data = mine("ListensToItself")
    whole = train_model(without_chance(2), data.recipe, data, 0)
    split = train_model(without_chance(2), data.recipe, data, 0, accumulate=2)
    assert whole.metrics["heard"] == split.metrics["heard"] == 22


def test_one_part_is_the_training_without_parts(network, recipe, digits) -> None:
    usual = train_model(network(), recipe, digits, 0)
    one = train_model(network(), recipe, digits, 0, accumulate=1)
    assert one.history == usual.history
    assert all(torch.equal(one.state_dict[k], usual.state_dict[k]) for k in usual.state_dict)


def test_a_training_goes_on_in_parts_where_whole_batches_stopped(digits, tmp_path: Path) -> None:
    recipe = Recipe(epochs=3, lr=1e-3, steps_per_epoch=3, validation_steps=1)
    data = dataclasses.replace(digits, recipe=recipe, steps=3)
    whole = train_model(without_chance(), recipe, data, 0)
    state = tmp_path / "state.ckpt"
    train_model(without_chance(), recipe, data, 0, checkpoint=state, should_stop=lambda: True)
    done = train_model(without_chance(), recipe, data, 0, checkpoint=state, accumulate=4)
    assert done.history[0] == whole.history[0]
    assert done.metrics["loss"] == pytest.approx(whole.metrics["loss"], rel=1e-5)


def test_parts_of_one_image_are_too_few_for_batch_norm_on_one_position(digits) -> None:
    recipe = Recipe(epochs=1, batch=8, steps_per_epoch=1, validation_steps=1)
    data = dataclasses.replace(digits, recipe=recipe, steps=1)

    def model() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 10), nn.BatchNorm1d(10))

    assert train_model(model(), recipe, data, 0, accumulate=4).epochs == 1
    with pytest.raises(NotDivisible) as caught:
        train_model(model(), recipe, data, 0, accumulate=8)
    assert str(caught.value) == (
        "a batch in 8 parts has parts of one image, and batch norm on a 1x1 map needs two for a "
        "variance.  take it in fewer parts"
    )


CODE = """
import lightning.pytorch as pl
import torch
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader

IMAGES = torch.rand(44, 1, 8, 8, generator=torch.Generator().manual_seed(0))
ROWS = [{"image": x, "label": k % 2, "name": str(k)} for k, x in enumerate(IMAGES)]


class Rows(pl.LightningDataModule):
    def train_dataloader(self):
        return DataLoader(ROWS, batch_size=20)  # the last of an epoch has four

    def val_dataloader(self):
        return DataLoader(ROWS, batch_size=22)

    def on_after_batch_transfer(self, batch, dataloader_idx):  # of the whole batch
        return {**batch, "image": batch["image"] + 0.1 * torch.randn_like(batch["image"])}


class Unknown(Rows):
    def on_after_batch_transfer(self, batch, dataloader_idx):
        return {"image": batch["image"], "label": batch["label"], "rows": Opaque(batch)}


class OpaqueWhenJudged(Rows):
    def on_after_batch_transfer(self, batch, dataloader_idx):
        return batch if self.trainer.training else {**batch, "rows": Opaque(batch)}


class Opaque:
    def __init__(self, batch):
        self.batch = batch


class OfRows(pl.LightningModule):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def training_step(self, batch, batch_idx):
        assert len(batch.get("name", batch["image"])) == len(batch["image"])
        loss = cross_entropy(self.model(batch["image"]), batch["label"])
        self.log("mine", loss, on_step=False, on_epoch=True)
        return {"loss": loss, "batch": batch_idx}

    def validation_step(self, batch, batch_idx):
        self.log("loss", cross_entropy(self.model(batch["image"]), batch["label"]))

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=0.1)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, 2, 0.5)
        return [optimizer], [{"scheduler": schedule, "interval": "step"}]


class ListensToItself(OfRows):
    def validation_step(self, batch, batch_idx):
        super().validation_step(batch, batch_idx)
        return len(batch["image"])

    def on_validation_batch_end(self, outputs, batch, batch_idx):
        self.log("heard", float(outputs))


class ByHand(OfRows):
    def __init__(self, model):
        super().__init__(model)
        self.automatic_optimization = False

    def training_step(self, batch, batch_idx):
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(super().training_step(batch, batch_idx)["loss"])
        optimizer.step()


class ZeroesByHand(OfRows):
    def optimizer_zero_grad(self, epoch, batch_idx, optimizer):
        optimizer.zero_grad(set_to_none=False)
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    (tmp_path / "parted.py").write_text(CODE)
    monkeypatch.syspath_prepend(tmp_path)

    def prepared(module: str, datamodule: str = "Rows") -> Any:
        recipe = Recipe(epochs=2, module=f"parted:{module}", datamodule=f"parted:{datamodule}")
        return prepare(recipe, DataSource(folder=tmp_path), (1, 8, 8), 2)

    yield prepared
    sys.modules.pop("parted", None)


@pytest.mark.parametrize("parts", [2, 3, 8])
def test_a_module_of_ones_own_is_trained_in_parts(mine, parts: int) -> None:
    data = mine("OfRows")
    whole = train_model(without_chance(2), data.recipe, data, 0)
    split = train_model(without_chance(2), data.recipe, data, 0, accumulate=parts)
    for one, other in zip(whole.history, split.history, strict=True):
        assert other.keys() == one.keys() == {"mine", "loss", "train_loss"}
        assert other == pytest.approx(one, rel=1e-5)
    assert_close(split.state_dict, whole.state_dict, 1e-6)


@pytest.mark.parametrize(
    ("module", "datamodule", "words"),
    [
        (
            "ByHand", "Rows",
            "search.proxy.module: parted:ByHand steps its optimizers by itself, and its batches "
            "cannot be taken in parts.  write a smaller batch",
        ),
        (
            "ZeroesByHand", "Rows",
            "search.proxy.module: parted:ZeroesByHand zeroes its gradients by itself, and its "
            "batches cannot be taken in parts.  write a smaller batch",
        ),
        (
            "OfRows", "Unknown",
            "search.proxy.datamodule: a training batch is {image: (20, 1, 8, 8) float32, "
            "label: (20,) int64, rows: a Opaque}, and there is no telling what of it belongs to "
            "which image: it cannot be taken in parts.  write a smaller batch",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_in_parts_is_said_to_be_so(mine, module, datamodule, words) -> None:
    data = mine(module, datamodule)
    assert train_model(without_chance(2), data.recipe, data, 0).epochs == 2
    with pytest.raises(NotDivisible) as caught:
        train_model(without_chance(2), data.recipe, data, 0, accumulate=2)
    assert str(caught.value) == words


@pytest.mark.gpu
def test_float16_scales_the_loss_of_each_part(digits) -> None:
    recipe = Recipe(
        epochs=2, lr=1e-3, batch=50, steps_per_epoch=3, validation_steps=1, precision="16"
    )
    data = dataclasses.replace(digits, recipe=recipe, steps=3)
    whole = train_model(without_chance(), recipe, data, 0)
    split = train_model(without_chance(), recipe, data, 0, accumulate=3)
    assert split.metrics["train_loss"] == pytest.approx(whole.metrics["train_loss"], rel=0.02)
