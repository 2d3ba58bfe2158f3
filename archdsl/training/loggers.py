"""Loggers of Lightning's kind, by their class and their arguments, and what they are told."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from archdsl.errors import SearchError
from archdsl.spelling import did_you_mean
from archdsl.training.arguments import arguments
from archdsl.training.failures import first_line
from archdsl.training.step_loss import loss_of
from archdsl.training.trainer import pl, quiet

LoggerAsked: TypeAlias = tuple[str, Mapping[str, Any]]
"""A class, as lightning.pytorch.loggers.CSVLogger, and its arguments by name."""

_USUAL = "lightning.pytorch.loggers"


def logger(asked: LoggerAsked, folder: Path) -> Any:
    """A logger that was asked for.

    folder: where it writes, if its class has a save_dir and none was named
    Raises SearchError for what is no logger, and for arguments that it does not take.
    """
    path, given = asked
    cls = _class(path)
    place = {"save_dir": str(folder)} if _takes(cls, "save_dir") else {}
    options = arguments(cls, {**place, **given}.items(), Path.cwd(), "logger")
    try:
        with quiet():
            return cls(**options)
    except ModuleNotFoundError as error:
        raise SearchError(f"--logger {path}: {first_line(error)}.  install it with pip") from None
    except Exception as error:
        raise SearchError(f"--logger {path} cannot be made: {first_line(error)}") from error


def _class(path: str) -> type[Any]:
    module, _, name = path.replace(":", ".").rpartition(".")
    usual = importlib.import_module(_USUAL)
    known = [one for one in dir(usual) if one.endswith("Logger") and one != "Logger"]
    try:
        found = getattr(importlib.import_module(module) if module else usual, name)
    except (ImportError, AttributeError, ValueError) as error:
        hint = did_you_mean(name, known, after="  ")
        raise SearchError(
            f"--logger {path} is not there ({first_line(error)}).  {hint}{_USUAL} has: "
            f"{' '.join(known)}"
        ) from None
    if not (isinstance(found, type) and issubclass(found, pl.loggers.Logger)):
        raise SearchError(
            f"--logger {path} is no logger of Lightning's.  name a class, as {_USUAL}.CSVLogger"
        )
    return found


def _takes(cls: type[Any], name: str) -> bool:
    return name in inspect.signature(cls).parameters


class LossLogged(pl.Callback):
    """Logs the loss and the rate of the step, as often as Lightning logs anything.

    What a validation comes to is logged by the module.
    """

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Log one step, where that is due."""
        every: int = getattr(trainer, "log_every_n_steps", 50)
        if trainer.global_step % every and batch_idx + 1 != trainer.num_training_batches:
            return
        said: dict[str, float] = {"epoch": float(trainer.current_epoch)}
        loss = loss_of(outputs)
        if loss is not None:
            said["train_loss"] = float(loss.detach())
        for optimizer in trainer.optimizers:
            said["lr"] = max(float(group["lr"]) for group in optimizer.param_groups)
        for one in trainer.loggers:
            one.log_metrics(said, step=trainer.global_step)
