"""One training batch and one validation batch before the first trial: does the user's code run?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from archdsl.errors import SearchError
from archdsl.training.failures import OUT_OF_MEMORY, Diverged, cause_of
from archdsl.training.first_batches import first_batches
from archdsl.training.metrics import metric
from archdsl.training.own_failures import PAIR, failure
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe

_ONE_IMAGE = "Expected more than 1 value per channel when training"


def look(model: nn.Module, recipe: Recipe, data: Prepared, objectives: Sequence[str]) -> None:
    """Put one batch of each sort through the very training that trials get.

    model: a member of the space, of no use afterwards
    objectives: the metrics that have to be logged
    Raises SearchError, in words, for what of the user's own code or data cannot be used. What an
    architecture does (diverge, want too much memory) is its trial's affair.
    """
    try:
        logged = first_batches(model, recipe, data)
        if data.alone and data.module is None:
            _one_image(model, recipe, data)
    except SearchError:
        raise
    except Diverged:
        return
    except Exception as error:
        if cause_of(error) == OUT_OF_MEMORY:
            return
        if _ONE_IMAGE in str(error):
            raise SearchError(_batch_norm(recipe, "the first batch")) from error
        given = f"the batch is {data.batch}" if data.batch else PAIR
        raise SearchError(failure(error, data, given)) from error
    for name in objectives:
        metric(logged, name)


def _one_image(model: nn.Module, recipe: Recipe, data: Prepared) -> None:
    """Whether a model can be trained on a batch of one image."""
    device = next(model.parameters()).device
    try:
        with torch.no_grad():
            model.train()(torch.zeros(1, *data.input_shape, device=device))
    except ValueError as error:
        if _ONE_IMAGE not in str(error):
            raise
        raise SearchError(_batch_norm(recipe, "the last batch")) from error


def _batch_norm(recipe: Recipe, which: str) -> str:
    if recipe.datamodule is None:
        return (
            f"search.proxy.batch: {recipe.batch} image has no variance for batch norm.  write a "
            "larger batch"
        )
    return (
        f"search.proxy.datamodule: {which} of {recipe.datamodule} has one image, and batch norm "
        "needs two for a variance.  write drop_last=True, or another batch_size"
    )
