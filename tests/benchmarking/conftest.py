from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import archdsl
from archdsl.benchmarking.forms import FORMS
from archdsl.benchmarking.workload import Workload

SMALL: dict[str, Any] = {
    "archdsl": 1,
    "name": "small",
    "input": [1, 32, 32],
    "classes": 10,
    "stem": {"type": "conv", "kernel": 3, "stride": 2, "norm": "batch_norm"},
    "downsample": {"type": "conv", "kernel": 3, "stride": 2},
    "block": {
        "norm": "layer_norm",
        "token_mixer": "pooling",
        "channel_mixer": {"type": "mlp", "ratio": 2},
    },
    "stages": [{"dim": 8, "depth": 1}, {"dim": 16, "depth": 1}],
    "head": "linear",
}
"""A network with a batch norm to fold, on images of 32x32."""


@pytest.fixture
def workload() -> Callable[..., Workload]:
    """`workload("code", batch=4, input=[3, 16, 48])`: the small network in a form."""

    def of(form: str = "built", *, compiled: bool = False, batch: int = 1, mode: Any = "eval",
           **keys: Any) -> Workload:  # fmt: skip
        network = archdsl.load({**SMALL, **keys}).network()
        return Workload("small", network, None, FORMS[form], compiled, batch, mode)

    return of
