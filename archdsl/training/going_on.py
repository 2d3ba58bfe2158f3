"""Keeps the state of a training, and goes on from it as if nothing had been."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from archdsl.nn.memory import like
from archdsl.training.checkpoint import TRAINING
from archdsl.training.epochs import EpochWatch
from archdsl.training.lengths import flat
from archdsl.training.module import Classifier
from archdsl.training.seeds import draw_on, drawn_so_far
from archdsl.training.trainer import pl


@runtime_checkable
class BeginsAnywhere(Protocol):
    """Data that can begin an epoch at any of its batches."""

    def begin_at(self, epoch: int, batch: int) -> None:
        """Let the next pass give what a whole one of that epoch gives from a batch on."""


class GoingOn(pl.callbacks.Checkpoint):
    """Saves after each epoch but the last, once it was reported, and puts back what is missing.

    With `every` it saves within an epoch, too, after a step that comes so many seconds after the
    last time; of data that can begin anywhere alone, and of no module of the user's own, which may
    have added up what it does not keep. Asked to leave, it saves at the next such moment and does.

    A training that is over is saved by `finish`, after all hooks, so that what a module does to
    its weights at the end is done once.

    path: of the checkpoint; training: what `training_of` says; watch: its history is kept, too
    leave: whether the training is to end here, as by Ctrl-C
    """

    def __init__(
        self,
        path: Path,
        training: dict[str, Any],
        watch: EpochWatch,
        every: float | None = None,
        leave: Callable[[], bool] = lambda: False,
    ) -> None:
        self.path = path
        self.training = training
        self.watch = watch
        self.every = every
        self.leave = leave
        self._saved = time.monotonic()
        self._amid: dict[str, Any] | None = None
        self._over = False
        self._resumed = False
        self._logged: dict[str, Tensor] = {}
        self._generators: list[Tensor] = []

    def finish(self, trainer: pl.Trainer) -> None:
        """Save a training that is over."""
        if self._over and not self._resumed:
            trainer.save_checkpoint(self.path)

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Save the state within an epoch, where that is due. Raises KeyboardInterrupt to leave."""
        loop = trainer.fit_loop
        last = loop.epoch_loop.batch_progress.current.ready == trainer.num_training_batches
        if self.every is None or last or loop._should_accumulate():
            return
        leaves = _agreed(trainer, self.leave())
        due = leaves or _agreed(trainer, time.monotonic() - self._saved >= self.every)
        if due and _begins_anywhere(trainer, pl_module):
            self._save_amid(trainer, batch_idx)
        if leaves:
            raise KeyboardInterrupt

    def _save_amid(self, trainer: pl.Trainer, batch_idx: int) -> None:
        self._amid = {
            "epoch": trainer.current_epoch,
            "batch": batch_idx + 1,
            "own": _of_each(trainer, {"added": self.watch.amid(), "drawn": drawn_so_far()}),
        }
        self._over = False
        trainer.save_checkpoint(self.path)
        self._amid, self._saved = None, time.monotonic()

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save the state, unless this was the last epoch. Raises KeyboardInterrupt to leave."""
        self._resumed = False
        self._logged = {name: value.cpu() for name, value in trainer.callback_metrics.items()}
        self._generators = [one.get_state() for one in _generators(trainer)]
        ended = trainer.should_stop and not self.watch.stopped
        self._over = ended or trainer.current_epoch + 1 == trainer.max_epochs
        if not self._over:
            trainer.save_checkpoint(self.path)
            self._saved = time.monotonic()
            if _agreed(trainer, self.leave()):
                raise KeyboardInterrupt

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Say of which training it is, and keep weights contiguous."""
        weights = checkpoint["state_dict"]
        checkpoint["state_dict"] = {name: value.contiguous() for name, value in weights.items()}
        checkpoint[TRAINING] = {"of": self.training, "history": self.watch.history}

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Go on from a checkpoint; from one of a training that is over there is nowhere to go."""
        self.watch.history = list(checkpoint[TRAINING]["history"])
        self._resumed = True
        kept = checkpoint["callbacks"][self.state_key]
        self._over, self._amid = kept["over"], kept["amid"]
        if self._amid is not None:
            datamodule: Any = getattr(trainer, "datamodule", None)
            datamodule.begin_at(self._amid["epoch"], self._amid["batch"])
        if self._over or self.watch.is_aside():
            trainer.should_stop = True

    def state_dict(self) -> dict[str, Any]:
        """What a checkpoint keeps beside what Lightning does."""
        return {
            "over": self._over, "logged": self._logged, "generators": self._generators,
            "amid": self._amid,
        }  # fmt: skip

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """What was kept."""
        self._logged, self._generators = state_dict["logged"], state_dict["generators"]

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Do what was still to be done when the state was saved."""
        if not self._resumed:
            return
        _lay_states(trainer)
        if self._amid is not None:
            self.watch.go_on_amid(trainer, self._amid["own"][trainer.global_rank]["added"])
            return
        if pl_module.automatic_optimization:
            self._step_plateaus(trainer, pl_module)
        # the pass through the loader that has begun was seeded for the set-up: begin another
        trainer.fit_loop._resuming_from_checkpoint = False

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Let loaders with generators of their own go on drawing where they were."""
        if self._resumed:
            for generator, state in zip(_generators(trainer), self._generators, strict=False):
                generator.set_state(state)

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Let the first step draw on from where the last one before the break was."""
        if self._amid is not None:
            draw_on(self._amid["own"][trainer.global_rank]["drawn"])
            self._amid = None

    def _step_plateaus(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Lightning steps schedulers that follow a metric once an epoch has been saved."""
        for config in trainer.lr_scheduler_configs:
            due = config.interval == "epoch" and trainer.current_epoch % config.frequency == 0
            if config.reduce_on_plateau and due and config.monitor in self._logged:
                pl_module.lr_scheduler_step(config.scheduler, self._logged[config.monitor])


def _agreed(trainer: pl.Trainer, here: bool) -> bool:
    """Whether any of the processes says so: they save, and leave, together."""
    if trainer.world_size == 1:
        return here
    return trainer.strategy.reduce_boolean_decision(here, all=False)


def _of_each(trainer: pl.Trainer, here: dict[str, Any]) -> list[dict[str, Any]]:
    """What each of the processes has, in their order."""
    if trainer.world_size == 1:
        return [here]
    found: list[Any] = [None] * trainer.world_size
    torch.distributed.all_gather_object(found, here)
    return found


def _begins_anywhere(trainer: pl.Trainer, pl_module: pl.LightningModule) -> bool:
    return isinstance(pl_module, Classifier) and isinstance(
        getattr(trainer, "datamodule", None), BeginsAnywhere
    )


def _lay_states(trainer: pl.Trainer) -> None:
    """Lay the state of optimisers as the weights lie: fused ones take that for granted."""
    for optimizer in trainer.optimizers:
        for parameter, state in optimizer.state.items():
            for name, value in state.items():
                if isinstance(value, Tensor):
                    state[name] = like(value, parameter)


def _generators(trainer: pl.Trainer) -> Iterator[torch.Generator]:
    """The generators that the training loaders, their samplers and data sets hold, each once."""
    seen: set[int] = set()
    for loader in flat(trainer.train_dataloader):
        holders = [loader]
        if isinstance(loader, DataLoader):
            within = (loader.sampler, loader.batch_sampler, loader.dataset)
            holders += [*within, getattr(loader.batch_sampler, "sampler", None)]
        for holder in holders:
            for value in getattr(holder, "__dict__", {}).values():
                if isinstance(value, torch.Generator) and id(value) not in seen:
                    seen.add(id(value))
                    yield value
