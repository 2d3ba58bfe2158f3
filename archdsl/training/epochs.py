"""What is watched of a training while it runs: seeds, losses, metrics, the wish to stop."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from archdsl.errors import SearchError
from archdsl.training.failures import Diverged
from archdsl.training.metrics import Metrics
from archdsl.training.module import Classifier
from archdsl.training.recipe import Recipe
from archdsl.training.seeds import seed_everything, seed_of
from archdsl.training.set_up import ADDRESS
from archdsl.training.step_loss import loss_of
from archdsl.training.trainer import is_overridden, pl
from archdsl.training.training_loader import ended_early
from archdsl.units import counted

LOOK_EVERY = 16
"""Steps between two looks at the loss on an accelerator."""


class EpochWatch(pl.callbacks.Checkpoint):
    """Seeds each epoch, watches the loss, gathers the metrics, and stops when asked to.

    A `Checkpoint` only because Lightning calls those last, after the module's own hooks.

    history: the metrics of each epoch; interrupted: whether Ctrl-C ended the training
    stopped: whether `should_stop` did, or `until`, before its end
    until: the epochs after which it is put aside, None for never
    """

    def __init__(
        self,
        seed: int,
        recipe: Recipe,
        on_epoch: Callable[[int, Metrics], None],
        should_stop: Callable[[], bool],
        until: int | None = None,
    ) -> None:
        self.seed = seed
        self.recipe = recipe
        self.on_epoch = on_epoch
        self.should_stop = should_stop
        self.until = until
        self.history: list[Metrics] = []
        self.interrupted = False
        self.stopped = False
        self._losses = torch.zeros(())
        self._steps = 0
        self._batches = 0
        self._logged: dict[str, Tensor] = {}

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Seed what a model draws, begin to add up, and say whether there is a validation."""
        self._say_whether_validated(trainer)
        # beside the first device others draw otherwise
        beside = [trainer.global_rank] if trainer.global_rank else []
        seed_everything(seed_of(self.seed, "model", trainer.current_epoch, *beside))
        self._losses, self._steps = torch.zeros((), device=pl_module.device), 0
        self._batches = 0

    def amid(self) -> dict[str, Any]:
        """What was added up of an epoch that is under way."""
        return {"losses": self._losses.cpu(), "steps": self._steps, "batches": self._batches}

    def go_on_amid(self, trainer: pl.Trainer, added: Mapping[str, Any]) -> None:
        """Be where `amid` was: Lightning does not begin such an epoch again."""
        self._say_whether_validated(trainer)
        self._losses = added["losses"].to(trainer.strategy.root_device)
        self._steps, self._batches = added["steps"], added["batches"]

    def _say_whether_validated(self, trainer: pl.Trainer) -> None:
        epoch = trainer.current_epoch
        # there is a validation where the number of the epoch, from 1, is a multiple of this
        trainer.check_val_every_n_epoch = 1 if self.recipe.validates(epoch) else epoch + 2

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Count the batch."""
        self._batches += 1

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Add the loss. Raises Diverged."""
        loss = loss_of(outputs)
        if loss is not None:
            self._losses += loss.detach()
            self._steps += 1
            # a sum that is not finite stays so: on an accelerator, where reading a number means
            # waiting for it, a look once in a while is prompt enough
            if loss.device.type == "cpu" or self._steps % LOOK_EVERY == 0:
                self._mean_loss(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Gather the metrics. Raises Diverged, and SearchError for a short epoch."""
        self._refuse_an_early_end(trainer, pl_module)
        self._refuse_steps_without_a_loss(pl_module)
        metrics = self._logged_anew(trainer)
        if self._steps:
            metrics.setdefault("train_loss", self._of_all(trainer, self._mean_loss(trainer)))
        judged = isinstance(pl_module, Classifier) and self.recipe.validates(trainer.current_epoch)
        if judged and not math.isfinite(metrics["loss"]):
            raise Diverged(f"the validation loss is {metrics['loss']} {_after(trainer)}")
        self.history.append(metrics)
        self.on_epoch(trainer.current_epoch, metrics)
        self.stopped = not trainer.should_stop and (self.is_aside() or self.should_stop())
        if self.stopped:
            trainer.should_stop = True

    def is_aside(self) -> bool:
        """Whether it has the epochs after which it is put aside, and not its last."""
        return self.until is not None and self.until <= len(self.history) < self.recipe.epochs

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Keep whether it was Ctrl-C."""
        self.interrupted = isinstance(exception, KeyboardInterrupt)

    def _refuse_an_early_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The schedule counts on every step, and a loader may give fewer than it said."""
        steps = int(trainer.num_training_batches)
        ends_itself = is_overridden("on_train_batch_start", pl_module) or trainer.should_stop
        if self._batches == steps or ends_itself:
            return
        name = self.recipe.datamodule or "the data"
        when = f" in epoch {trainer.current_epoch + 1}"
        if trainer.fit_loop.epoch_loop.batch_progress.current.ready == steps:
            none = steps - self._batches
            raise SearchError(
                f"{ADDRESS}: the training loader of {name} gives None for {none:,} of {steps:,} "
                f"batches{when}, and they are passed over.  leave them out"
            )
        raise SearchError(ended_early(name, self._batches, steps, self.recipe, when))

    def _refuse_steps_without_a_loss(self, pl_module: pl.LightningModule) -> None:
        """Lightning passes over a batch without a loss, and nothing would be trained."""
        if pl_module.automatic_optimization and self._batches and not self._steps:
            raise SearchError(
                f"search.proxy.module: training_step of {self.recipe.module} returns no loss, "
                "and nothing is trained.  return it"
            )

    def _logged_anew(self, trainer: pl.Trainer) -> Metrics:
        """What was logged in this epoch: Lightning keeps what was not as it was."""
        before, self._logged = self._logged, dict(trainer.callback_metrics)
        return {
            name: float(value)
            for name, value in self._logged.items()
            if value is not before.get(name)
        }

    def _of_all(self, trainer: pl.Trainer, here: float) -> float:
        """The mean over all devices."""
        if trainer.world_size == 1:
            return here
        there = torch.tensor(here, dtype=torch.float64, device=trainer.strategy.root_device)
        return float(trainer.strategy.reduce(there, reduce_op="mean"))

    def _mean_loss(self, trainer: pl.Trainer) -> float:
        mean = float(self._losses) / self._steps
        if not math.isfinite(mean):
            raise Diverged(f"the loss is no longer finite {_after(trainer)}")
        return mean


def _after(trainer: pl.Trainer) -> str:
    where = f"in epoch {trainer.current_epoch + 1} of {trainer.max_epochs}"
    return (
        f"{where}, after "
        f"{counted(trainer.global_step, 'step')}.  a lower search.proxy.lr may hold it"
    )
