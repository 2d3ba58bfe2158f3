"""The weights that a validation judges: an average where a recipe asks for one."""

from __future__ import annotations

from torch import Tensor, nn

from archdsl.training.optimisation.averages import Averaged
from archdsl.training.trainer import pl


class JudgedWeights(pl.Callback):
    """Finds the weights that the last validation saw, before another step is made.

    model: the one that is trained
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self._judged = model

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Look whether there is an average, and where the model is in it."""
        callbacks: list[pl.Callback] = getattr(trainer, "callbacks", [])
        average = next((one for one in callbacks if isinstance(one, Averaged)), None)
        if average is None or average._average_model is None:
            return
        at = next(name for name, one in pl_module.named_modules() if one is self.model)
        averaged: nn.Module = average._average_model.module
        self._judged = averaged.get_submodule(at)

    def weights(self) -> dict[str, Tensor]:
        """Name -> tensor on the CPU, contiguous."""
        state = self._judged.state_dict()
        return {name: one.detach().cpu().contiguous().clone() for name, one in state.items()}
