"""The one import of Lightning, and the trainer as every run here wants it."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, cast

import torch

from archdsl.errors import SearchError
from archdsl.training.recipe import Recipe

__all__ = [
    "CheckpointIO",
    "CombinedLoader",
    "MisconfigurationException",
    "ShortTrainer",
    "SingleDeviceStrategy",
    "is_overridden",
    "pl",
    "precision",
    "quiet",
    "trainer",
]


def _import_words(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}".partition("\n")[0]
    if "torchvision" in text:
        return (
            f"the installed torchvision does not match torch {torch.__version__}, and Lightning "
            f"imports both ({text}).  archdsl needs no torchvision: uninstall it, or install the "
            "release that belongs to this torch"
        )
    return f"Lightning cannot be imported ({text}).  install lightning and torchmetrics again"


try:
    import lightning.pytorch as pl
    from lightning.fabric.plugins import CheckpointIO
    from lightning.fabric.plugins.environments.lightning import LightningEnvironment
    from lightning.fabric.utilities.exceptions import MisconfigurationException
    from lightning.pytorch.strategies import SingleDeviceStrategy
    from lightning.pytorch.utilities import CombinedLoader
    from lightning.pytorch.utilities.model_helpers import is_overridden
except (ImportError, RuntimeError, AttributeError) as error:
    raise SearchError(_import_words(error)) from error

QUIET = ("lightning", "lightning.pytorch", "lightning.fabric", "pytorch_lightning")


class ShortTrainer(pl.Trainer):
    """A trainer of one batch whose schedules are those of a whole training.

    steps: of the whole training; set before it is fitted
    """

    steps: int

    @property
    def estimated_stepping_batches(self) -> int:
        """The steps of the whole training."""
        return self.steps


def trainer(
    recipe: Recipe,
    *,
    cls: type[pl.Trainer] = pl.Trainer,
    checkpoints: CheckpointIO | None = None,
    **options: Any,
) -> pl.Trainer:
    """A trainer that logs, draws and saves nothing of its own accord; `options` add to it.

    checkpoints: how they are written and read, where they are
    """
    limits = {
        "limit_train_batches": recipe.steps_per_epoch,
        "limit_val_batches": recipe.validation_steps,
    }
    usual: dict[str, Any] = {"devices": 1, "logger": False}
    usual |= {name: limit for name, limit in limits.items() if limit is not None}
    with quiet():
        return cls(
            accelerator="cuda" if torch.cuda.is_available() else "cpu",
            # one machine whatever the environment says: a batch system's variables are not ours
            plugins=[LightningEnvironment(), *([checkpoints] if checkpoints is not None else [])],
            precision=precision(recipe.precision),
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            **{**usual, **options},
        )


Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


def precision(wanted: str) -> Precision:
    """Lightning's word for a setting. Raises SearchError for what the hardware has not."""
    cuda = torch.cuda.is_available()
    if wanted == "auto":
        return "bf16-mixed" if cuda and torch.cuda.is_bf16_supported() else "32-true"
    if wanted == "16" and not cuda:
        raise SearchError("search.proxy.precision: 16 needs a GPU.  choose from auto 32 bf16")
    words = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
    return cast("Precision", words[wanted])


@contextmanager
def quiet() -> Iterator[None]:
    """Lightning's tips and its advice on data loaders stay silent; other warnings pass."""
    loggers = [logging.getLogger(name) for name in QUIET]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=r".*LeafSpec", category=FutureWarning)
            warnings.filterwarnings("ignore", module=r"lightning\.")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
