"""The parameters of a model in groups, each with its own decay and its own share of the rate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from archdsl.training.optimisation.layers import last_layer, layers_of
from archdsl.training.recipe import Recipe


@dataclass(frozen=True, slots=True)
class ParameterGroup:
    """Parameters that are stepped alike.

    parameters: by their addresses; decay: of the weights; share: of the rate, 1 for all of it
    """

    parameters: dict[str, nn.Parameter]
    decay: float
    share: float = 1.0

    def options(self, peak: float) -> dict[str, Any]:
        """The group as optimisers take it. peak: the rate that the shares are of"""
        return {
            "params": [*self.parameters.values()],
            "weight_decay": self.decay,
            "lr": peak * self.share,
        }


def groups(model: nn.Module, recipe: Recipe) -> list[ParameterGroup]:
    """Every parameter that is trained, in one group.

    Tensors of two dimensions and more have `weight_decay`, all others, and those that `no_decay`
    names, `vector_decay`. With `layer_decay` the groups of each layer come one after another, the
    deepest last, and those that would be empty are left out.

    Raises SearchError where there are layers to tell apart, and no telling.
    """
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    if recipe.layer_decay is None:
        return list(_by_decay(trained, recipe, 1.0))
    numbers, last = layers_of(model), last_layer(model)
    found: list[ParameterGroup] = []
    for number in range(last + 1):
        layer = {name: p for name, p in trained.items() if numbers[name] == number}
        found += _by_decay(layer, recipe, recipe.layer_decay ** (last - number))
    return [group for group in found if group.parameters]


def _by_decay(
    parameters: dict[str, nn.Parameter], recipe: Recipe, share: float
) -> Iterator[ParameterGroup]:
    decayed = {n: p for n, p in parameters.items() if p.ndim > 1 and not _named(n, recipe)}
    others = {name: p for name, p in parameters.items() if name not in decayed}
    yield ParameterGroup(decayed, recipe.weight_decay, share)
    yield ParameterGroup(others, recipe.vector_decay, share)


def _named(name: str, recipe: Recipe) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in recipe.no_decay)
