"""One training batch and one validation batch before the first trial: does the user's code run?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from archdsl.errors import SearchError
from archdsl.training.failures import OUT_OF_MEMORY, Diverged, cause_of
from archdsl.training.first_batches import first_batches
from archdsl.training.metrics import metric
from archdsl.training.one_image import lacks_variance, no_variance
from archdsl.training.own_failures import PAIR, failure
from archdsl.training.prepare import Prepared
from archdsl.training.recipe import Recipe


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
        if lacks_variance(error):
            raise SearchError(no_variance(recipe, "the first batch")) from error
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
        if not lacks_variance(error):
            raise
        raise SearchError(no_variance(recipe, "the last batch")) from error
