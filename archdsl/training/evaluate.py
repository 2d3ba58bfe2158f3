"""What a trained model is worth on a split: the validation split, or the test split."""

from __future__ import annotations

from typing import Any, Literal

from torch import nn

from archdsl.errors import SearchError
from archdsl.nn.memory import channels_last_convolutions
from archdsl.training.batch_checks import images_in
from archdsl.training.batches import Batches, to_judge_by
from archdsl.training.metrics import Metrics
from archdsl.training.module import Classifier, module_around
from archdsl.training.one_by_one import OneByOne
from archdsl.training.own_failures import PAIR, failure
from archdsl.training.prepare import Prepared, streamed
from archdsl.training.recipe import Recipe
from archdsl.training.set_up import called, seed_set_up, set_up_alike
from archdsl.training.trainer import MisconfigurationException, pl, quiet, trainer

MOST = 10_000
"""Batches after which a loader that does not tell its length is taken for one without end."""

WORDS = {"val": "validation", "test": "test"}


def evaluate(
    model: nn.Module,
    recipe: Recipe,
    data: Prepared,
    split: Literal["val", "test"],
    one_by_one: OneByOne | None = None,
) -> Metrics:
    """The metrics of a trained model on a split, and `n`, how many images it holds.

    With a datamodule or a module of the user's own, their loader and step for that split; there
    is no `n` where their batches do not tell how many images they hold.
    one_by_one: is told which images were right
    data: prepared for this recipe; they cannot reach the test images, which are read here
    Raises SearchError.
    """
    data.refuse_another(recipe)
    count = _Count(split)
    callbacks = [count] if one_by_one is None else [count, one_by_one]
    run = trainer(recipe, callbacks=callbacks, inference_mode=False, enable_checkpointing=False)
    try:
        with set_up_alike(), quiet(), channels_last_convolutions(model):
            where = _where(run, recipe, data, split)
            module = module_around(model, recipe, data)
            seed_set_up()
            judge = run.validate if split == "val" else run.test
            judge(module, verbose=False, **where)
    except (MisconfigurationException, SearchError) as error:
        words = str(error).partition("\n")[0]
        raise SearchError(f"{_no_look(split)}: {words}") from error
    except Exception as error:
        if data.module is None and data.datamodule is None:
            raise
        words = failure(error, data, PAIR)
        raise SearchError(f"{_no_look(split)}: {words}") from error
    metrics = {k: float(v) for k, v in run.callback_metrics.items() if k != "n"}
    if not metrics:
        step = f"{WORDS[split]}_step logs nothing"
        empty = f"the {WORDS[split]} loader gives no batch"
        raise SearchError(f"{_no_look(split)}: {step if count.batches else empty}")
    return metrics if count.images is None else {**metrics, "n": count.images}


def _no_look(split: str) -> str:
    return f"there is no look at the {WORDS[split]} split"


def _where(run: pl.Trainer, recipe: Recipe, data: Prepared, split: str) -> dict[str, Any]:
    """Where a trainer is to find the images."""
    if recipe.datamodule is not None:
        datamodule = called(type(data.datamodule), recipe.datamodule, data.datamodule_arguments)
        datamodule.trainer = run
        datamodule.prepare_data()
        datamodule.setup("fit")  # as after a training: its test split may follow from that
        return {"datamodule": datamodule}
    if data.reading is not None:
        return {"datamodule": _read_one_by_one(recipe, data, split)}
    return {"dataloaders": _batches(run, recipe, data, split)}


def _read_one_by_one(recipe: Recipe, data: Prepared, split: str) -> pl.LightningDataModule:
    if split == "test":
        from archdsl.training.heldout import held_out_stream

        return held_out_stream(data, recipe)
    assert data.reading is not None, "they are read one by one"
    return streamed(data.source, data.size, recipe, 0, data.reading)


def _batches(run: pl.Trainer, recipe: Recipe, data: Prepared, split: str) -> Batches:
    if split == "val":
        assert data.data is not None, "data come from a source or a datamodule"
        images, views = data.data.val, data.data.views
    else:
        from archdsl.training.heldout import held_out_images

        images, views = held_out_images(data)
    device = run.strategy.root_device
    return to_judge_by(images, views, data.size, recipe, lambda: device)


class _Count(pl.Callback):
    """Counts batches and images; `images` is None where a batch does not tell how many it holds."""

    def __init__(self, split: str) -> None:
        self.split = WORDS[split]
        self.images: int | None = 0
        self.batches = 0

    def _loaders(self, trainer: pl.Trainer) -> list[int | float]:
        """How many batches each loader says that it has."""
        both = {"validation": trainer.num_val_batches, "test": trainer.num_test_batches}
        return both[self.split]

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        several = len(self._loaders(trainer))
        if isinstance(pl_module, Classifier) and several > 1:
            method = "test_dataloader" if self.split == "test" else "val_dataloader"
            raise SearchError(
                f"{method} returns {several} loaders, and the training of archdsl takes "
                "one.  join the data sets with torch.utils.data.ConcatDataset"
            )

    on_validation_start = on_test_start

    def on_test_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx >= MOST and self._loaders(trainer)[dataloader_idx] == float("inf"):
            raise SearchError(
                f"the {self.split} loader has no length, and has not ended after {MOST:,} batches. "
                " let it end, or give it a __len__"
            )
        self.batches += 1
        here = images_in(batch)
        self.images = None if here is None or self.images is None else self.images + here

    on_validation_batch_end = on_test_batch_end
