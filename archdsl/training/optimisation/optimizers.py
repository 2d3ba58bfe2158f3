"""The optimiser of a recipe."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import Optimizer

from archdsl.errors import SearchError
from archdsl.training.optimisation.groups import groups
from archdsl.training.recipe import Recipe


def optimizer_of(model: nn.Module, recipe: Recipe, precision: str) -> Optimizer:
    """An optimiser of all that is trained in a model, at the peak rate of each group.

    precision: as Lightning calls it, such as "bf16-mixed"
    Raises SearchError for one that is not installed, and for layers that cannot be told apart.
    """
    options = [group.options(recipe.peak) for group in groups(model, recipe)]
    if recipe.optimizer == "lamb":
        return _lamb(options, recipe)
    trained = [parameter for group in options for parameter in group["params"]]
    return torch.optim.AdamW(
        options,
        lr=recipe.peak,
        betas=recipe.betas,
        eps=recipe.eps,
        # one kernel for all parameters, which takes no complex ones; float16's gradients have
        # to be unscaled before it
        fused=precision != "16-mixed" and not any(map(torch.is_complex, trained)),
    )


def _lamb(options: list[dict[str, object]], recipe: Recipe) -> Optimizer:
    """LAMB as its paper has it: the decay is in the update that the trust ratio is taken of."""
    try:
        from pytorch_optimizer import Lamb
    except ImportError:
        raise SearchError(
            "recipe: optimizer: lamb needs the package pytorch-optimizer.  "
            "pip install 'archdsl[train]', or write  train.optimizer: adamw"
        ) from None
    return Lamb(
        options,
        lr=recipe.peak,
        betas=recipe.betas,
        eps=recipe.eps,
        weight_decouple=False,
        # otherwise the first steps are up to 1 / (1 - beta1) as long as the rate says
        adam_debias=True,
    )
