"""The loaders of the user's own datamodule: how many batches they give, before the first trial."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from archdsl.errors import SearchError
from archdsl.training.failures import first_line
from archdsl.training.lengths import dropped, ends_alone, first_batch, refuse_several
from archdsl.training.recipe import Recipe
from archdsl.training.set_up import ADDRESS, called, called_with, set_up_alike
from archdsl.training.trainer import CombinedLoader, pl, quiet, trainer
from archdsl.training.training_loader import training_steps
from archdsl.training.validation_loader import check_validation

_SEVERAL = (list, tuple, dict, CombinedLoader)


@dataclass(frozen=True, slots=True)
class Loaders:
    """What the loaders of a datamodule give.

    batch: the first training batch; steps: training batches in an epoch
    alone: whether the last of them holds one image
    """

    batch: Any
    steps: int
    alone: bool


def examined(
    cls: type[pl.LightningDataModule], name: str, recipe: Recipe, given: dict[str, Any]
) -> Loaders:
    """Draw from the loaders what it takes to know their lengths. Raises SearchError.

    The datamodule that is drawn from is used for nothing else: trials have another one.
    given: its arguments
    """
    with set_up_alike(), quiet():
        datamodule = called(cls, name, given)
        datamodule.trainer = trainer(recipe, max_epochs=recipe.epochs)
        try:
            datamodule.prepare_data()
            datamodule.setup("fit")
            loader = datamodule.train_dataloader()
            batches = first_batch(loader)
        except Exception as error:
            raise SearchError(
                f"{ADDRESS}: {name} gives no training batch ({first_line(error)}).  it is called "
                f"{called_with(given)}, then prepare_data, setup('fit'), train_dataloader"
            ) from error
        if loader is None:
            raise SearchError(
                f"{ADDRESS}: {name} gives no training batch.  its train_dataloader returns None"
            )
        if not batches:
            raise SearchError(
                f"{ADDRESS}: {name} gives no training batch.  its train_dataloader is empty"
                f"{dropped(loader)}"
            )
        if recipe.module is None:
            refuse_several(name, "train_dataloader", loader, not isinstance(loader, _SEVERAL))
        steps = training_steps(name, loader, recipe)
        check_validation(name, datamodule, recipe, steps)
    return Loaders(batches[0][0], steps, recipe.steps_per_epoch is None and ends_alone(loader))
