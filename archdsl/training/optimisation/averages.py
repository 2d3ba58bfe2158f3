"""The exponential average of the weights over the steps of a training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.optim.swa_utils import get_ema_multi_avg_fn

from archdsl.errors import SearchError
from archdsl.training.trainer import pl
from archdsl.units import counted

LEFT = 0.5
"""The share that the weights after the first step may have in the average at the end."""

MANY = 10
"""Steps of a training that are worth an average."""


class Averaged(pl.callbacks.WeightAveraging):
    """Keeps an average of a model's weights and buffers, which is judged and saved in their place.

    After each step the average is moved by 1 - `decay` of the way to the weights; after the first
    one it is those weights. Buffers of whole numbers are the model's own. A validation sees the
    average, a checkpoint holds both, and after the last step the model is the average.

    Raises SearchError when a training begins that is too short for its average.
    """

    def __init__(self, decay: float) -> None:
        super().__init__(multi_avg_fn=_averaging(decay))
        self.decay = decay
        self._last: dict[str, Tensor] | None = None

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Make the average where the weights are going to be."""
        self._device = trainer.strategy.root_device
        super().setup(trainer, pl_module, stage)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look whether the average can forget the first weights."""
        refuse_one_that_remembers(self.decay, int(trainer.estimated_stepping_batches))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Let the model be the average, and remember its own weights for the last checkpoint."""
        state = pl_module.state_dict()
        self._last = {name: value.detach().clone() for name, value in state.items()}
        super().on_train_end(trainer, pl_module)

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Let the model be the average of a training that was over when it was gone on with."""
        if self._last is None:
            super().on_train_end(trainer, pl_module)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Have the average as the weights of a checkpoint, and the weights beside it."""
        super().on_save_checkpoint(trainer, pl_module, checkpoint)
        weights = self._last or checkpoint["current_model_state"]
        checkpoint["current_model_state"] = {n: value.contiguous() for n, value in weights.items()}


def _averaging(decay: float) -> Callable[[list[Tensor], list[Tensor], Any], None]:
    """What moves averages, all of one type, towards values; whole numbers are taken as they are.

    torch would average those, too, and cut off what is behind the point: of a table of indices
    some would become others.
    """
    make: Any = get_ema_multi_avg_fn
    move = make(decay)

    def average(averages: list[Tensor], values: list[Tensor], averaged: Any) -> None:
        if averages[0].is_floating_point() or averages[0].is_complex():
            move(averages, values, averaged)
        else:
            for one, value in zip(averages, values, strict=True):
                one.copy_(value)

    return average


def refuse_one_that_remembers(decay: float, steps: int) -> None:
    """Raise SearchError for an average that after so many steps is mostly the first weights."""
    left = decay ** max(0, steps - 1)
    if left > LEFT:
        cure = f"{_fitting(steps)}, or none" if steps > MANY else "none"
        raise SearchError(
            f"recipe: ema is {decay:g}, and this training has {counted(steps, 'step')}: the "
            f"average would be {left:.0%} the weights after the first.  write  train.ema: {cure}"
        )


def _fitting(steps: int) -> str:
    """A decay of which one percent of those weights is left at the end."""
    return f"{0.01 ** (1 / (steps - 1)):.3g}"
