"""What is told of a training while an epoch runs: how far it is, and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from archdsl.training.batch_checks import images_in
from archdsl.training.step_loss import loss_of
from archdsl.training.trainer import pl

BETWEEN = 0.25
"""Seconds from one telling to the next: on an accelerator a loss is waited for."""


@dataclass(frozen=True, slots=True)
class Step:
    """Where an epoch is, after one of its steps.

    epoch: from 0; step: from 1, of `steps`
    loss: of this step, None where it returned none
    images: of this epoch that went through here, in all processes; None where batches do not tell
    seconds: that their steps took, with what was waited for; waited: of these, for data
    """

    epoch: int
    step: int
    steps: int
    loss: float | None
    images: int | None
    seconds: float
    waited: float

    @property
    def speed(self) -> float | None:
        """Images per second."""
        return None if self.images is None or self.seconds <= 0 else self.images / self.seconds


class StepWatch(pl.Callback):
    """Tells of steps: once in a while, and of the last one of an epoch.

    on_start: called when the first is about to be made
    last: what was told of the epoch that is, or was the last
    """

    def __init__(
        self, on_step: Callable[[Step], None], on_start: Callable[[], None] = lambda: None
    ) -> None:
        self.on_step = on_step
        self.on_start = on_start
        self.last: Step | None = None
        self._told = 0.0
        self._images: int | None = 0
        self._began = self._ended = self._waited = 0.0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin where an epoch does not begin anew."""
        self.on_start()
        self._begin()

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Begin to count."""
        self._begin()

    def _begin(self) -> None:
        self._images, self._waited = 0, 0.0
        self._began = self._ended = time.perf_counter()

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Count what was waited for."""
        self._waited += time.perf_counter() - self._ended

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count a step, and tell of it where that is due."""
        here = images_in(batch)
        self._images = None if here is None or self._images is None else self._images + here
        steps = trainer.num_training_batches
        last = batch_idx + 1 == steps
        now = time.perf_counter()
        if last or now - self._told >= BETWEEN:
            loss = loss_of(outputs)
            said = None if loss is None else float(loss.detach())
            if pl_module.device.type == "cuda":
                torch.cuda.synchronize()
            now = time.perf_counter()
            images = None if self._images is None else self._images * trainer.world_size
            self.last = Step(
                trainer.current_epoch, batch_idx + 1, int(steps), said, images,
                now - self._began, self._waited,
            )  # fmt: skip
            self.on_step(self.last)
            self._told = now
        self._ended = time.perf_counter()


class PassedOverTold(pl.Callback):
    """Tells, after each epoch, of images that could not be read and were passed over.

    on_passed_over: called with why, once for each image
    """

    def __init__(self, on_passed_over: Callable[[str], None]) -> None:
        self.on_passed_over = on_passed_over
        self._told = 0

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Tell of those that are new."""
        known: list[str] = getattr(getattr(trainer, "datamodule", None), "passed_over", [])
        for why in known[self._told :]:
            self.on_passed_over(why)
        self._told = len(known)
