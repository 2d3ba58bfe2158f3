"""The one look at the test split, after a search is over.

Nothing else in archdsl reads test images: what `prepare` returns and `train` takes cannot reach
them, and the search imports this module in its last step only.
"""

from __future__ import annotations

from typing import Any

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from torch import nn

from archdsl.errors import SearchError
from archdsl.network import Shape
from archdsl.nn.memory import channels_last_convolutions
from archdsl.proxy.batches import Batches
from archdsl.proxy.engine import pl, quiet, trainer
from archdsl.proxy.module import Classifier
from archdsl.proxy.prepare import source_of
from archdsl.proxy.seeds import own_randomness
from archdsl.settings import ProxySettings


def evaluate_on_test(
    model: nn.Module, settings: ProxySettings, input_shape: Shape, classes: int
) -> dict[str, float]:
    """The metrics of a trained model on the test split, and `n`, how many images it holds.

    With a datamodule or a module of the user's own, their test_dataloader and test_step.
    Raises SearchError.
    """
    if settings.module is None:
        module: pl.LightningModule = Classifier(model, settings, classes)
    else:
        from archdsl.proxy.user import module_class, wrapped

        module = wrapped(module_class(settings.module, settings.folder), model)
    count = _Count()
    run = trainer(settings, callbacks=[count], inference_mode=False, enable_checkpointing=False)
    where: dict[str, Any]
    if settings.datamodule is None:
        _, height, width = input_shape
        size = (height, width) if settings.size is None else (settings.size, settings.size)
        split, views = source_of(settings).held_out(settings.folder, size)
        device = run.strategy.root_device
        where = {"dataloaders": Batches(split, views, size, 2 * settings.batch, lambda: device)}
    else:
        from archdsl.proxy.user import datamodule_of

        where = {"datamodule": datamodule_of(settings)[0]}
    with own_randomness(), quiet(), channels_last_convolutions(model):
        try:
            run.test(module, verbose=False, **where)
        except MisconfigurationException as error:
            words = str(error).partition("\n")[0]
            raise SearchError(f"there is no look at the test split: {words}") from error
    metrics = {name: float(value) for name, value in run.callback_metrics.items()}
    return {**metrics, "n": count.images}


class _Count(pl.Callback):
    """Counts images by the first tensor of each batch."""

    def __init__(self) -> None:
        self.images = 0

    def on_test_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        first = batch[0] if isinstance(batch, (tuple, list)) else batch
        self.images += len(first) if isinstance(first, torch.Tensor) else 1
