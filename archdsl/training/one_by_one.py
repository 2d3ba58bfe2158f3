"""Which images of a split were told right, one by one, while it is judged."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from archdsl.training.seen_images import packed
from archdsl.training.trainer import pl

MOST = 1_000_000
"""Images of which so much is kept; of more a look would make a record too large."""


class OneByOne(pl.Callback):
    """Collects what `Classifier.test_step` tells of each image.

    Of a module of the user's own nothing is known but what it logs.
    """

    def __init__(self, classes: int) -> None:
        self.classes = classes
        self._right: list[Tensor] = []
        self._labels: list[Tensor] = []

    def on_test_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        """Take what one batch came to."""
        if isinstance(outputs, dict) and {"right", "labels"} <= outputs.keys():
            self._right.append(outputs["right"].cpu())
            self._labels.append(outputs["labels"].cpu())

    def seen(self) -> dict[str, Any] | None:
        """As a record holds it; None where nothing is known of single images."""
        if not self._right:
            return None
        right, labels = torch.cat(self._right).numpy(), torch.cat(self._labels).numpy()
        return None if len(right) > MOST else packed(right, labels, self.classes)
