"""The beginning of a training: one batch, and one validation batch."""

from __future__ import annotations

import dataclasses

from torch import nn

from archdsl.errors import SearchError
from archdsl.training.arguments import fresh
from archdsl.training.epochs import EpochWatch
from archdsl.training.interrupts import interruptible
from archdsl.training.metrics import Metrics
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe
from archdsl.training.seeds import own_randomness
from archdsl.training.train import fit, ignore, trainer_of
from archdsl.training.trainer import ShortTrainer, pl, quiet


def first_batches(model: nn.Module, recipe: Recipe, data: Prepared) -> Metrics:
    """Train `model`, in place, on one batch and validate it on one, as a training's first epoch.

    Returns what was logged; errors are those of `train`, and of the user's own code.
    """
    watch = EpochWatch(0, dataclasses.replace(recipe, validate_every=1), ignore, lambda: True)
    run = trainer_of(recipe, watch, cls=ShortTrainer, limit_train_batches=1, limit_val_batches=1)
    assert isinstance(run, ShortTrainer), "it was asked for"
    run.steps = data.steps * recipe.epochs
    with own_randomness(), quiet(), interruptible(run, lambda: watch.interrupted):
        if data.datamodule is not None:
            # trials have the one of `data`, as it was made
            own = type(data.datamodule)(**fresh(data.datamodule_arguments))
            data = dataclasses.replace(data, datamodule=own)
        fit(run, model, recipe, data, 0)
    _refuse_to_train_nothing(run, recipe)
    return watch.history[0]


def _refuse_to_train_nothing(run: pl.Trainer, recipe: Recipe) -> None:
    """Lightning goes on without an optimiser, and candidates would be judged as they were drawn."""
    groups = [group for optimizer in run.optimizers for group in optimizer.param_groups]
    trained = {id(parameter) for group in groups for parameter in group["params"]}
    if not any(id(parameter) in trained for parameter in run.lightning_module.parameters()):
        raise SearchError(
            f"search.proxy.module: configure_optimizers of {recipe.module} gives no optimizer of "
            "its parameters, and nothing would be trained.  return one, as  "
            "torch.optim.AdamW(self.parameters())"
        )
