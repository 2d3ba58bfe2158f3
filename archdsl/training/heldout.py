"""The one look at the test split, after a search is over.

Nothing else in archdsl reads test images: what `prepare` returns and `train` takes cannot reach
them, and the search imports this module in its last step only.
"""

from __future__ import annotations

from typing import Any

from lightning.fabric.utilities.exceptions import MisconfigurationException
from torch import nn

from archdsl.compiler.network import Shape
from archdsl.errors import SearchError
from archdsl.language.settings import ProxySettings
from archdsl.nn.memory import channels_last_convolutions
from archdsl.training.batch_checks import images_in
from archdsl.training.batches import Batches
from archdsl.training.engine import pl, quiet, trainer
from archdsl.training.loaders import called, seed_set_up, set_up_alike
from archdsl.training.look import PAIR, failure
from archdsl.training.module import CheckedClassifier, Classifier
from archdsl.training.prepare import source_of

MOST = 10_000
"""Batches after which a test loader that does not tell its length is taken for one without end."""


def evaluate_on_test(
    model: nn.Module, settings: ProxySettings, input_shape: Shape, classes: int
) -> dict[str, float]:
    """The metrics of a trained model on the test split, and `n`, how many images it holds.

    With a datamodule or a module of the user's own, their test_dataloader and test_step; there is
    no `n` where their batches do not tell how many images they hold.
    Raises SearchError.
    """
    count = _Count()
    run = trainer(settings, callbacks=[count], inference_mode=False, enable_checkpointing=False)
    try:
        with set_up_alike(), quiet(), channels_last_convolutions(model):
            where = _where(run, settings, input_shape)
            module = _module(model, settings, input_shape, classes)
            seed_set_up()
            run.test(module, verbose=False, **where)
    except (MisconfigurationException, SearchError) as error:
        words = str(error).partition("\n")[0]
        raise SearchError(f"there is no look at the test split: {words}") from error
    except Exception as error:
        if settings.module is None and settings.datamodule is None:
            raise
        words = failure(error, settings, PAIR)
        raise SearchError(f"there is no look at the test split: {words}") from error
    metrics = {k: float(v) for k, v in run.callback_metrics.items() if k != "n"}
    if not metrics:
        why = "test_step logs nothing" if count.batches else "the test loader gives no batch"
        raise SearchError(f"there is no look at the test split: {why}")
    return metrics if count.images is None else {**metrics, "n": count.images}


def _module(
    model: nn.Module, settings: ProxySettings, input_shape: Shape, classes: int
) -> pl.LightningModule:
    if settings.module is not None:
        from archdsl.training.user import module_class, wrapped

        return wrapped(module_class(settings.module, settings.folder), model)
    if settings.datamodule is not None:
        return CheckedClassifier(model, settings, classes, input_shape)
    return Classifier(model, settings, classes)


def _where(run: pl.Trainer, settings: ProxySettings, input_shape: Shape) -> dict[str, Any]:
    """Where a trainer is to find the test images."""
    if settings.datamodule is not None:
        from archdsl.training.user import datamodule_class

        datamodule = called(datamodule_class(settings), settings.datamodule)
        datamodule.trainer = run
        datamodule.prepare_data()
        datamodule.setup("fit")  # as after a training: its test split may follow from that
        return {"datamodule": datamodule}
    _, height, width = input_shape
    size = (height, width) if settings.size is None else (settings.size, settings.size)
    split, views = source_of(settings).held_out(settings.folder, size)
    device = run.strategy.root_device
    return {"dataloaders": Batches(split, views, size, 2 * settings.batch, lambda: device)}


class _Count(pl.Callback):
    """Counts batches and images; `images` is None where a batch does not tell how many it holds."""

    def __init__(self) -> None:
        self.images: int | None = 0
        self.batches = 0

    def on_test_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        several = len(trainer.num_test_batches)
        if isinstance(pl_module, Classifier) and several > 1:
            raise SearchError(
                f"test_dataloader returns {several} loaders, and the training of archdsl takes "
                "one.  join the data sets with torch.utils.data.ConcatDataset"
            )

    def on_test_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if batch_idx >= MOST and trainer.num_test_batches[dataloader_idx] == float("inf"):
            raise SearchError(
                f"the test loader has no length, and has not ended after {MOST:,} batches.  let it "
                "end, or give it a __len__"
            )
        self.batches += 1
        here = images_in(batch)
        self.images = None if here is None or self.images is None else self.images + here
