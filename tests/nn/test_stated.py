"""What follows from sizes, in numbers for an exporter, is what a pass makes in tensors."""

from __future__ import annotations

import math

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from archdsl.nn import position_bias, stated
from archdsl.nn.token_mixers import window_attention

SIDES = st.integers(1, 9)
SIZES = st.tuples(SIDES, SIDES)


@given(SIZES, st.sampled_from([1, 3, 5, 7]))
def test_neighbours_are_what_an_unfolded_map_has(size: tuple[int, int], window: int) -> None:
    none = math.prod(size)
    around = window // 2
    numbers = torch.arange(float(none)).reshape(1, 1, *size)
    padded = F.pad(numbers, (around,) * 4, value=none)
    unfolded = F.unfold(padded, window)[0].T
    assert torch.equal(torch.tensor(stated.neighbours(size, window)), unfolded.long())


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_distances_are_those_of_a_pass(queries: int, keys: int, scale: int) -> None:
    keys = min(keys, queries)
    logs, index = stated.distances(queries, keys, scale)
    expected = position_bias.distances(queries, keys, scale, torch.zeros((), dtype=torch.float64))
    torch.testing.assert_close(torch.tensor(logs), expected[0].float(), rtol=1e-6, atol=1e-7)
    assert torch.equal(torch.tensor(index), expected[1])


@given(SIZES)
def test_offsets_are_those_of_a_pass(window: tuple[int, int]) -> None:
    expected = window_attention._offsets(window, torch.device("cpu"))
    assert torch.equal(torch.tensor(stated.offsets(window)), expected)


@given(SIZES, SIZES, st.data())
def test_windows_hold_what_they_hold_in_a_pass(
    size: tuple[int, int], window: tuple[int, int], data: st.DataObject
) -> None:
    rows, columns = (min(pair) for pair in zip(size, window, strict=True))
    shift = data.draw(st.tuples(st.integers(0, rows - 1), st.integers(0, columns - 1)))
    numbers = torch.arange(1.0, math.prod(size) + 1).reshape(1, *size, 1)
    expected = window_attention._split(numbers, size, (rows, columns), shift).flatten()
    places = torch.tensor(stated.window_places(size, (rows, columns), shift))
    outside = torch.tensor([0.0])
    assert torch.equal(torch.cat([numbers.flatten(), outside])[places], expected)

    parts = torch.tensor(stated.window_parts(size, (rows, columns), shift))
    apart: Tensor = parts[:, :, None] != parts[:, None]
    expected = window_attention._apart(size, (rows, columns), shift, torch.zeros(()))
    assert torch.equal(apart.unsqueeze(1), expected < 0)
