"""`torch.compile` takes the smallest model of each family whole, at several batches."""

from __future__ import annotations

from functools import partial

import pytest
import torch

from tests.tools import tried
from tests.tools.models import FAMILIES, built, images, small

SLOW = ("transnext_micro", "swin_tiny")
NAMES = [
    pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
    for name in (*FAMILIES, "others")
]


@pytest.mark.parametrize("name", NAMES)
def test_a_model_is_compiled_as_one_graph(name: str) -> None:
    spec = small(name)
    torch.compiler.reset()
    compiled = torch.compile(built(spec), backend="eager", fullgraph=True)
    tried.assert_same(compiled, built(spec), partial(images, spec))
