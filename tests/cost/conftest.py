"""Modules made of one function, and rules that are gone after the test."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from archdsl.cost.measure import Measured, measure


class Of(nn.Module):
    """A module whose forward is `function(module, x)`; it has a weight (8, 8) and a linear."""

    def __init__(self, function: Callable[[Of, Tensor], object]) -> None:
        super().__init__()
        self.function = function
        self.weight = nn.Parameter(torch.eye(8))
        self.inner = nn.Linear(8, 8)

    def forward(self, x: Tensor) -> object:
        return self.function(self, x)


@pytest.fixture
def of() -> Callable[..., Measured]:
    """Measure `function(module, x)` on an x of (1, 8, 6, 6)."""

    def measured(
        function: Callable[[Of, Tensor], object], shape: tuple[int, int, int] = (8, 6, 6)
    ) -> Measured:
        return measure(lambda: Of(function), shape, "stages.0.blocks.1.token_mixer")

    return measured
