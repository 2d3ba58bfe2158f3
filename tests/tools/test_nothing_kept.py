"""A forward pass leaves no tensor behind in a module: what would make a later trace, export, copy
or device another one's. What `cached` works out from parameters alone is its own matter.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.tools.models import FAMILIES, OWN, alone, built, small


def tensors_in(value: object, seen: set[int]) -> Iterator[int]:
    """The ids of the tensors in an attribute, whatever they lie in."""
    if isinstance(value, Tensor):
        yield id(value)
    elif isinstance(value, (dict, list, tuple, set)) and id(value) not in seen:
        seen.add(id(value))
        for one in value.values() if isinstance(value, dict) else value:
            yield from tensors_in(one, seen)


def held(model: nn.Module) -> dict[str, set[int]]:
    """Module and attribute -> the tensors that are there."""
    return {
        f"{name}.{key}": found
        for name, module in model.named_modules()
        for key, value in vars(module).items()
        if (found := set(tensors_in(value, set())))
    }


def assert_keeps_nothing(model: nn.Module, shape: tuple[int, ...]) -> None:
    """At two batches, with gradients and without, in training and in eval."""
    before = held(model)
    assert before
    for training in (True, False):
        model.train(training)
        for batch in (2, 3):
            model(torch.randn(batch, *shape))
            with torch.no_grad():
                model(torch.randn(batch, *shape))
            assert held(model) == before


@pytest.mark.parametrize("name", [*FAMILIES, "others"])
@pytest.mark.parametrize("make", [built, alone])
def test_a_model_keeps_nothing_of_a_pass(name: str, make: type[nn.Module]) -> None:
    spec = small(name)
    assert_keeps_nothing(make(spec), spec.network().input)


@pytest.mark.parametrize("path", OWN, ids=lambda path: path.parent.name)
def test_an_example_keeps_nothing_of_a_pass(path) -> None:
    spec = archdsl.load(path)
    assert_keeps_nothing(archdsl.build(spec), spec.network().input)


class Keeps(nn.Module):
    """What would be found: a tensor in a list, and one that replaces another."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1))
        self.seen: list[Tensor] = []
        self.bias = torch.zeros(1)

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] == 2:
            self.seen.append(x)
        else:
            self.bias = x.sum()
        return x * self.weight


@pytest.mark.parametrize("side", [2, 3])
def test_what_keeps_something_is_found(side: int) -> None:
    with pytest.raises(AssertionError):
        assert_keeps_nothing(Keeps(), (1, side))
