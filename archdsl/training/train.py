"""One training: a network, a recipe, data and a seed in; metrics by epoch and weights out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from torch import Tensor, nn

from archdsl.compiler.network import Network
from archdsl.errors import SearchError
from archdsl.nn.memory import channels_last_convolutions
from archdsl.training.batches import SearchData
from archdsl.training.checkpoint import Sealed, trained_so_far, training_of, trunk_of
from archdsl.training.epochs import EpochWatch
from archdsl.training.failures import NotDivisible
from archdsl.training.going_on import GoingOn
from archdsl.training.interrupts import interruptible
from archdsl.training.metrics import Metrics
from archdsl.training.micro_batches import InParts, refuse_to_divide
from archdsl.training.module import module_around
from archdsl.training.one_image import lacks_variance, no_variance
from archdsl.training.optimisation.averages import Averaged
from archdsl.training.optimisation.compiled import compiled
from archdsl.training.optimisation.stochastic_depth import set_drop_path
from archdsl.training.prepare import Prepared, streamed
from archdsl.training.recipe import Recipe
from archdsl.training.seeds import own_randomness, seed_everything, seed_of
from archdsl.training.set_up import seed_set_up
from archdsl.training.trainer import pl, quiet, trainer


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


def ignore(epoch: int, metrics: Metrics) -> None:
    """An `on_epoch` that does nothing."""


def afresh(history: list[Metrics]) -> None:
    """An `on_resume` that does nothing."""


def never() -> bool:
    """A `should_stop` that never says so."""
    return False


NOTHING: Mapping[str, Any] = MappingProxyType({})


def as_drawn(model: nn.Module) -> None:
    """A `begin` that leaves the weights as they are."""


def train(
    network: Network,
    recipe: Recipe,
    data: Prepared,
    seed: int,
    *,
    on_epoch: Callable[[int, Metrics], None] = ignore,
    should_stop: Callable[[], bool] = never,
    checkpoint: Path | None = None,
    on_resume: Callable[[list[Metrics]], None] = afresh,
    accumulate: int = 1,
    until: int | None = None,
    trunk: Path | None = None,
    begin: Callable[[nn.Module], None] = as_drawn,
) -> Trained:
    """Build a network and train it: all four are plain or shared, and nothing else is needed.

    The weights that it begins with follow from `seed`, too.

    begin: called with the model before it is trained, and may give it others
    The rest is as in `train_model`.
    """
    data.refuse_another(recipe, network)
    with own_randomness():
        model = initial(network, seed)
    begin(model)
    return train_model(
        model,
        recipe,
        data,
        seed,
        on_epoch=on_epoch,
        should_stop=should_stop,
        checkpoint=checkpoint,
        on_resume=on_resume,
        accumulate=accumulate,
        until=until,
        trunk=trunk,
    )


def initial(network: Network, seed: int) -> nn.Module:
    """A network with the weights that a training with `seed` begins with.

    Draws from the process's generators.
    """
    from archdsl.compiler.builder import build

    seed_everything(seed_of(seed, "weights"))
    return build(network)


def train_model(
    model: nn.Module,
    recipe: Recipe,
    data: Prepared,
    seed: int,
    *,
    on_epoch: Callable[[int, Metrics], None] = ignore,
    should_stop: Callable[[], bool] = never,
    checkpoint: Path | None = None,
    on_resume: Callable[[list[Metrics]], None] = afresh,
    accumulate: int = 1,
    until: int | None = None,
    trunk: Path | None = None,
    save_every: float | None = None,
    leave: Callable[[], bool] = never,
    callbacks: Sequence[pl.Callback] = (),
    options: Mapping[str, Any] = NOTHING,
) -> Trained:
    """Train `model`, in place, for `recipe.epochs` epochs.

    All that is random in a training follows from `seed` and the epoch, so that on the CPU the
    same call gives the same weights; the weights that `model` begins with are the caller's.

    data: prepared for this recipe
    on_epoch: called after each epoch with its number, from 0, and its metrics: those that the
        module logs, and `train_loss`, the mean loss of the epoch's steps. Where it is not one to
        validate after, `train_loss` may be all
    should_stop: asked after each epoch; true ends the training there
    checkpoint: a file to go on from if it is there, and where the state is left after each epoch,
        once `on_epoch` has returned. Going on gives what a training without a break would have
        given. A process that is killed between the two trains that one epoch again and reports it
        again, with the same figures. A file that cannot be read is moved aside, which is said on
        standard error, and the training is afresh
    on_resume: called before the first epoch where there is a checkpoint to go on from, with the
        metrics of the epochs before it, which are reported no more
    accumulate: in how many parts a batch goes through the model before the optimiser steps, and a
        batch of a validation too, for a device that the whole does not fit on, each part of the
        recipe's own in so many again. Gradients and
        losses are those of the whole batch but for rounding; batch norm takes the statistics of
        each part
    until: the epochs after which it is put aside, with its state in the checkpoint; a call without
        it, or with more, goes on from there as if there had been no break
    trunk: the checkpoint of a training that differs in its epochs alone, with the schedule "wsd":
        where `checkpoint` is not there yet, it branches off from that one, and leaves it as it is.
        One that is not there, or beyond where the rate begins to fall, is of no use: all is trained
    save_every: seconds after which `checkpoint` is written within an epoch, too, with where it is
        in the data and in what is drawn; of a module of the user's own, or a datamodule without
        `begin_at(epoch, batch)`, it is left after whole epochs alone
    leave: asked after each step, with `save_every`, and each epoch; true saves the state and raises
        KeyboardInterrupt
    callbacks: Lightning's, which are told of everything; options: of Lightning's trainer, such as
        its loggers and its devices
    Raises Diverged as soon as the loss is not finite; NotDivisible where batches cannot be taken
    in parts; and SearchError for data that were prepared for another recipe, the checkpoint of
    another training, or a batch of one image where batch norm needs two.
    """
    data.refuse_another(recipe)
    if recipe.drop_path is not None:
        set_drop_path(model, recipe.drop_path)
    accumulate *= recipe.accumulate
    watch = EpochWatch(seed, recipe, on_epoch, should_stop, until)
    given = dict(options)
    keeper, resume = None, None
    if checkpoint is not None:
        training = training_of(model, recipe, data, seed)
        history = trained_so_far(checkpoint, training, weights_only=data.plain)
        resume = checkpoint if history is not None else None
        if history is None and trunk is not None:
            history = _of_a_trunk(trunk, recipe, trunk_of(training), data)
            resume = trunk if history is not None else None
        if history is not None:
            on_resume(history)
        keeper = GoingOn(checkpoint, training, watch, save_every, leave)
        given["checkpoints"] = Sealed()
    if accumulate > 1:
        given["strategy"] = InParts(accumulate)
    others = [*callbacks, *([keeper] if keeper is not None else [])]
    run = trainer_of(recipe, watch, *others, **given)
    with (
        own_randomness(),
        quiet(),
        interruptible(run, lambda: watch.interrupted or leave()),
        channels_last_convolutions(model),
        compiled(model, recipe.compile),
    ):
        try:
            fit(run, model, recipe, data, seed, ckpt_path=resume)
        except ValueError as error:
            if not lacks_variance(error):
                raise
            raise _one_image(recipe, accumulate) from error
        if keeper is not None:
            keeper.finish(run)
    state = {name: value.detach().cpu().clone() for name, value in model.state_dict().items()}
    return Trained(watch.history, watch.history[-1], state)


def _of_a_trunk(
    path: Path, recipe: Recipe, training: dict[str, Any], data: Prepared
) -> list[Metrics] | None:
    """The metrics of its epochs; None where nothing can branch off from it."""
    history = trained_so_far(path, training, weights_only=data.plain)
    usable = history is not None and len(history) <= recipe.falls_after
    return history if usable else None


def _one_image(recipe: Recipe, accumulate: int) -> SearchError:
    if accumulate > 1:
        return NotDivisible(
            f"a batch in {accumulate} parts has parts of one image, and batch norm on a 1x1 map "
            "needs two for a variance.  take it in fewer parts"
        )
    return SearchError(no_variance(recipe, "a batch"))


def trainer_of(
    recipe: Recipe, watch: EpochWatch, *others: pl.Callback, **options: Any
) -> pl.Trainer:
    """A trainer for all epochs of a recipe. others: callbacks that are called after the watch"""
    averages = [] if recipe.ema is None else [Averaged(recipe.ema)]
    return trainer(
        recipe,
        max_epochs=recipe.epochs,
        callbacks=[*averages, watch, *others],
        # not inference mode: what a layer caches in eval may be used in training again
        inference_mode=False,
        **options,
    )


def fit(
    run: pl.Trainer,
    model: nn.Module,
    recipe: Recipe,
    data: Prepared,
    seed: int,
    *,
    ckpt_path: Path | None = None,
) -> None:
    """Put a model, its data and what steps it together, each seeded for itself, and run."""
    datamodule: pl.LightningDataModule
    if data.datamodule is not None:
        datamodule = data.datamodule
    elif data.reading is not None:
        datamodule = streamed(data.source, data.size, recipe, seed, data.reading)
    else:
        assert data.data is not None, "data come from a source or a datamodule"
        datamodule = SearchData(data.data, data.size, recipe, seed)
    seed_everything(seed_of(seed, "module"))
    module = module_around(model, recipe, data)
    if isinstance(run.strategy, InParts):
        refuse_to_divide(module, recipe.module)
    model.train()
    seed_set_up()  # not before: what a module draws depends on the model
    run.fit(module, datamodule=datamodule, ckpt_path=ckpt_path, weights_only=data.plain)
