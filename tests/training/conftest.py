from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

from archdsl.components.component import component
from archdsl.training import DataSource, Prepared, Recipe, prepare

RECIPE = Recipe(epochs=2, lr=1e-2)
SOURCE = DataSource(component("data", "digits", canvas=8, noise=0.0, clutter=0))
INPUT = (1, 8, 8)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ARCHDSL_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def recipe() -> Recipe:
    """Two epochs."""
    return RECIPE


@pytest.fixture(scope="session")
def source() -> DataSource:
    """Digits that lie still."""
    return SOURCE


@pytest.fixture(scope="session")
def digits() -> Prepared:
    """Digits that lie still, read."""
    return prepare(RECIPE, SOURCE, INPUT, 10)


@pytest.fixture
def network() -> Callable[..., nn.Module]:
    """Makes a network with dropout and batch norm: all that a seed and a mode can reach."""

    def make(seed: int = 0, channels: int = 1, classes: int = 10) -> nn.Module:
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            return nn.Sequential(
                nn.Conv2d(channels, 16, 3, padding=1),
                nn.BatchNorm2d(16),
                nn.ReLU(),
                nn.Dropout(0.1),
                nn.AdaptiveMaxPool2d(4),
                nn.Flatten(),
                nn.Linear(256, classes),
            )

    return make
