"""Single layers out of components, and the whole registry filled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

import archdsl.nn  # noqa: F401
from archdsl.compiler.builder import build_layer
from archdsl.compiler.network import Layer
from archdsl.components.component import component

Make = Callable[..., nn.Module]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


@pytest.fixture
def make() -> Make:
    """`make("token_mixer", "pooling", dim=8, size=(4, 4), kernel=5)`: one layer alone."""

    def made(
        kind: str,
        name: str,
        *,
        dim: int = 8,
        dim_out: int | None = None,
        size: tuple[int, int] = (4, 4),
        classes: int = 10,
        **options: Any,
    ) -> nn.Module:
        part = component(kind, name, **options)
        known = {
            "dim": dim,
            "dim_in": dim,
            "dim_out": dim_out or dim,
            "size": size,
            "reduction": 1,
            "depth_index": 0,
            "classes": classes,
        }
        context = tuple((asked, known[asked]) for asked in part.definition.context)
        shape = (dim, *size)
        return build_layer(Layer("here", part, context, shape, shape))

    return made
