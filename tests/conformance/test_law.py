"""A strided layer passes if and only if its out_size gives what its forward gives."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import archdsl
from archdsl import NonNegative, Positive
from archdsl.errors import SpecError


@archdsl.layer("window")
class Window(nn.Module):
    """A convolution whose out_size may be off.

    kernel: side of the window
    stride: step of the window
    padding: zeros at each border
    rows: how many more rows it says than it gives
    columns: how many more columns
    """

    def __init__(
        self,
        dim_in: int,
        dim_out: int,
        *,
        kernel: Positive = 3,
        stride: Positive = 2,
        padding: NonNegative = 0,
        rows: int = 0,
        columns: int = 0,
    ) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim_in, dim_out, kernel, stride, padding)

    @staticmethod
    def out_size(
        size: tuple[int, int], kernel: int, stride: int, padding: int, rows: int, columns: int
    ) -> tuple[int, int]:
        height, width = ((side + 2 * padding - kernel) // stride + 1 for side in size)
        return height + rows, width + columns

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(x)
        return y


@settings(max_examples=40)
@given(
    kernel=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 2),
    size=st.tuples(st.integers(8, 13), st.integers(8, 13)),
    off=st.tuples(st.integers(0, 1), st.integers(0, 1)),
)
def test_a_layer_passes_where_its_out_size_is_true(
    kernel: int, stride: int, padding: int, size: tuple[int, int], off: tuple[int, int]
) -> None:
    options = {"kernel": kernel, "stride": stride, "padding": padding}
    layer = {"type": "window", **options, "rows": off[0], "columns": off[1]}
    spec = {
        "archdsl": 1,
        "name": "net",
        "input": [2, *size],
        "stem": layer,
        "stages": [{"dim": 4, "depth": 1, "token_mixer": "identity"}],
    }
    given = nn.Conv2d(2, 4, kernel, stride, padding).to("meta")
    if off == (0, 0):
        backbone = archdsl.build(spec, features=[0])
        assert archdsl.load(spec).network().stages[0].shape == (4, *shape(given, size))
        assert backbone.feature_info[0].channels == 4
        return
    with pytest.raises(SpecError) as caught:
        archdsl.load(spec)
    true = shape(given, size)
    assert f"into 4x{true[0]}x{true[1]}, and the network expects 4x" in str(caught.value)
    assert f"let its out_size say {true} for {size}" in str(caught.value)


def shape(conv: nn.Module, size: tuple[int, int]) -> tuple[int, ...]:
    return tuple(conv(torch.empty(1, 2, *size, device="meta")).shape[2:])
