"""One training: a model, the schedule and a seed in; metrics by epoch and weights out."""

from __future__ import annotations

import dataclasses
import math
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from archdsl.errors import SearchError
from archdsl.language.settings import ProxySettings
from archdsl.nn.memory import channels_last_convolutions, like
from archdsl.training.batches import SearchData
from archdsl.training.engine import ShortTrainer, is_overridden, pl, quiet, trainer
from archdsl.training.failures import Diverged
from archdsl.training.loaders import ADDRESS, ended_early, seed_set_up
from archdsl.training.module import CheckedClassifier, Classifier
from archdsl.training.prepare import Prepared
from archdsl.training.seeds import own_randomness, seed_everything, seed_of

Metrics: TypeAlias = dict[str, float]

LOOK_EVERY = 16
"""Steps between two looks at the loss on an accelerator."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a training came to.

    history: the metrics of each epoch, those before a checkpoint included
    metrics: those of the last epoch; state_dict: the model's weights after it, on the CPU
    """

    history: list[Metrics]
    metrics: Metrics
    state_dict: dict[str, Tensor]

    @property
    def epochs(self) -> int:
        """How many epochs were trained; fewer than were asked for where it was stopped."""
        return len(self.history)


def _never() -> bool:
    return False


def _ignore(epoch: int, metrics: Metrics) -> None:
    pass


def train(
    model: nn.Module,
    settings: ProxySettings,
    data: Prepared,
    *,
    seed: int,
    on_epoch: Callable[[int, Metrics], None] = _ignore,
    should_stop: Callable[[], bool] = _never,
    checkpoint: Path | None = None,
) -> Trained:
    """Train `model`, in place, for `settings.epochs` epochs.

    All that is random in a training follows from `seed` and the epoch, so that on the CPU the
    same call gives the same weights; the weights that `model` begins with are the caller's.

    on_epoch: called after each epoch with its number, from 0, and its metrics: those that the
        module logs, and `train_loss`, the mean loss of the epoch's steps
    should_stop: asked after each epoch; true ends the training there
    checkpoint: a file to go on from if it is there, and where the state is left when the training
        ends or is stopped. Going on gives what a training without a break would have given
    Raises Diverged as soon as the loss is not finite.
    """
    epochs = _Epochs(seed, settings, on_epoch, should_stop)
    run = _trainer(settings, epochs)
    resume = checkpoint if checkpoint is not None and checkpoint.exists() else None
    with (
        own_randomness(),
        quiet(),
        _interruptible(run, epochs),
        channels_last_convolutions(model),
    ):
        _fit(run, model, settings, data, seed, ckpt_path=resume)
        if checkpoint is not None:
            draft = checkpoint.with_name(checkpoint.name + ".part")
            run.save_checkpoint(draft)
            draft.replace(checkpoint)
    state = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    return Trained(epochs.history, epochs.history[-1], state)


def first_batches(model: nn.Module, settings: ProxySettings, data: Prepared) -> Metrics:
    """Train `model`, in place, on one batch and validate it on one, as the first epoch of `train`.

    Returns what was logged; errors are those of `train`, and of the user's own code.
    """
    epochs = _Epochs(0, settings, _ignore, lambda: True)
    run = _trainer(settings, epochs, cls=ShortTrainer, limit_train_batches=1, limit_val_batches=1)
    assert isinstance(run, ShortTrainer), "it was asked for"
    run.steps = data.steps * settings.epochs
    with own_randomness(), quiet(), _interruptible(run, epochs):
        if data.datamodule is not None:
            # trials have the one of `data`, as it was made
            data = dataclasses.replace(data, datamodule=type(data.datamodule)())
        _fit(run, model, settings, data, 0)
    _refuse_to_train_nothing(run, settings)
    return epochs.history[0]


def _refuse_to_train_nothing(run: pl.Trainer, settings: ProxySettings) -> None:
    """Lightning goes on without an optimiser, and candidates would be judged as they were drawn."""
    groups = [group for optimizer in run.optimizers for group in optimizer.param_groups]
    trained = {id(parameter) for group in groups for parameter in group["params"]}
    if not any(id(parameter) in trained for parameter in run.lightning_module.parameters()):
        raise SearchError(
            f"search.proxy.module: configure_optimizers of {settings.module} gives no optimizer of "
            "its parameters, and nothing would be trained.  return one, as  "
            "torch.optim.AdamW(self.parameters())"
        )


def _trainer(settings: ProxySettings, epochs: _Epochs, **options: Any) -> pl.Trainer:
    return trainer(
        settings,
        max_epochs=settings.epochs,
        callbacks=[epochs],
        # not inference mode: what a layer caches in eval may be used in training again
        inference_mode=False,
        **options,
    )


def _fit(
    run: pl.Trainer,
    model: nn.Module,
    settings: ProxySettings,
    data: Prepared,
    seed: int,
    *,
    ckpt_path: Path | None = None,
) -> None:
    if data.datamodule is None:
        assert data.data is not None, "data come from a source or a datamodule"
        datamodule: pl.LightningDataModule = SearchData(data.data, data.size, settings.batch, seed)
    else:
        datamodule = data.datamodule
    seed_everything(seed_of(seed, "module"))
    if data.module is not None:
        from archdsl.training.user import wrapped

        module = wrapped(data.module, model)
    elif data.datamodule is not None:
        module = CheckedClassifier(model, settings, data.classes, data.input_shape)
    else:
        module = Classifier(model, settings, data.classes)
    model.train()
    seed_set_up()  # not before: what a module draws depends on the model
    run.fit(module, datamodule=datamodule, ckpt_path=ckpt_path, weights_only=True)


class _Epochs(pl.callbacks.Checkpoint):
    """Seeds each epoch, watches the loss, gathers the metrics, and stops when asked to.

    A `Checkpoint` only because Lightning calls those last, after the module's own hooks.
    """

    def __init__(
        self,
        seed: int,
        settings: ProxySettings,
        on_epoch: Callable[[int, Metrics], None],
        should_stop: Callable[[], bool],
    ) -> None:
        self.seed = seed
        self.settings = settings
        self.on_epoch = on_epoch
        self.should_stop = should_stop
        self.history: list[Metrics] = []
        self.interrupted = False
        self._losses = torch.zeros(())
        self._steps = 0
        self._batches = 0
        self._logged: dict[str, Tensor] = {}

    def on_train_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        seed_everything(seed_of(self.seed, "model", trainer.current_epoch))
        self._losses, self._steps = torch.zeros((), device=pl_module.device), 0
        self._batches = 0

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        self._batches += 1

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if isinstance(loss, Tensor):  # a module that steps by itself may return none
            self._losses += loss.detach()
            self._steps += 1
            # a sum that is not finite stays so: on an accelerator, where reading a number means
            # waiting for it, a look once in a while is prompt enough
            if loss.device.type == "cpu" or self._steps % LOOK_EVERY == 0:
                self._mean_loss(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self._refuse_an_early_end(trainer, pl_module)
        self._refuse_steps_without_a_loss(pl_module)
        metrics = self._logged_anew(trainer)
        if self._steps:
            metrics.setdefault("train_loss", self._mean_loss(trainer))
        if isinstance(pl_module, Classifier) and not math.isfinite(metrics["loss"]):
            raise Diverged(f"the validation loss is {metrics['loss']} {_after(trainer)}")
        self.history.append(metrics)
        self.on_epoch(trainer.current_epoch, metrics)
        if self.should_stop():
            trainer.should_stop = True

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self.interrupted = isinstance(exception, KeyboardInterrupt)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        # fused optimisers take for granted that state and weights lie alike
        for optimizer in trainer.optimizers:
            for parameter, state in optimizer.state.items():
                for name, value in state.items():
                    if isinstance(value, Tensor):
                        state[name] = like(value, parameter)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        weights = checkpoint["state_dict"]
        checkpoint["state_dict"] = {name: value.contiguous() for name, value in weights.items()}

    def state_dict(self) -> dict[str, Any]:
        return {"history": self.history}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.history = list(state_dict["history"])

    def _refuse_an_early_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """The schedule counts on every step, and a loader may give fewer than it said."""
        steps = int(trainer.num_training_batches)
        ends_itself = is_overridden("on_train_batch_start", pl_module) or trainer.should_stop
        if self._batches == steps or ends_itself:
            return
        name = self.settings.datamodule or "the data"
        when = f" in epoch {trainer.current_epoch + 1}"
        if trainer.fit_loop.epoch_loop.batch_progress.current.ready == steps:
            none = steps - self._batches
            raise SearchError(
                f"{ADDRESS}: the training loader of {name} gives None for {none:,} of {steps:,} "
                f"batches{when}, and they are passed over.  leave them out"
            )
        raise SearchError(ended_early(name, self._batches, steps, self.settings, when))

    def _refuse_steps_without_a_loss(self, pl_module: pl.LightningModule) -> None:
        """Lightning passes over a batch without a loss, and nothing would be trained."""
        if pl_module.automatic_optimization and self._batches and not self._steps:
            raise SearchError(
                f"search.proxy.module: training_step of {self.settings.module} returns no loss, "
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

    def _mean_loss(self, trainer: pl.Trainer) -> float:
        mean = float(self._losses) / self._steps
        if not math.isfinite(mean):
            raise Diverged(f"the loss is no longer finite {_after(trainer)}")
        return mean


def _after(trainer: pl.Trainer) -> str:
    where = f"in epoch {trainer.current_epoch + 1} of {trainer.max_epochs}"
    return f"{where}, after {trainer.global_step} steps.  a lower search.proxy.lr may hold it"


@contextmanager
def _interruptible(run: pl.Trainer, epochs: _Epochs) -> Iterator[None]:
    """Ctrl-C leaves a fit as KeyboardInterrupt, and SIGTERM ends the process as ever.

    Lightning turns the first into SystemExit(1) and ignores SIGINT from then on, and the second
    into a SystemExit that looks like success.
    """
    main = threading.current_thread() is threading.main_thread()
    handler = signal.getsignal(signal.SIGINT) if main else None
    try:
        yield
    except SystemExit:
        if epochs.interrupted:
            raise KeyboardInterrupt from None
        if run.received_sigterm and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.raise_signal(signal.SIGTERM)
        raise
    finally:
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
