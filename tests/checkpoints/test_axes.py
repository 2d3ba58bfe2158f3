"""The same numbers in another shape."""

from __future__ import annotations

import pytest
import torch

from archdsl.checkpoints.axes import Axes, Ones


@pytest.mark.parametrize(
    ("axes", "ours", "theirs"),
    [
        (Axes(), (8, 3, 7, 7), (8, 3, 7, 7)),
        (Axes(theirs=Ones(after=2)), (8, 4), (8, 4, 1, 1)),
        (Axes(theirs=Ones(before=2)), (8,), (1, 1, 8)),
        (Axes(ours=Ones(after=2)), (8, 4, 1, 1), (8, 4)),
        (Axes(ours=Ones(after=2)), (8, 4, 3, 3), None),
        (Axes(ours=Ones(after=2)), (1,), None),
        (Axes(theirs=Ones(before=1), ours=Ones(after=1)), (8, 1), (1, 8)),
        (Axes(tokens=True), (1, 6, 2, 5), (1, 10, 6)),
        (Axes(tokens=True), (6, 2), None),
    ],
)
def test_their_shape_follows_from_ours_and_the_numbers_come_back(axes, ours, theirs):
    assert axes.their_shape(ours) == theirs
    if theirs is not None:
        tensor = torch.randn(ours)
        sent = axes.to_theirs(tensor)
        assert tuple(sent.shape) == theirs
        assert torch.equal(axes.to_ours(sent, ours), tensor)


def test_tokens_are_positions_row_by_row():
    tokens = torch.arange(12).reshape(1, 6, 2)  # 6 positions of 2 channels
    positions = Axes(tokens=True).to_ours(tokens, (1, 2, 2, 3))
    assert positions[0, 0].tolist() == [[0, 2, 4], [6, 8, 10]]
    assert positions[0, 1].tolist() == [[1, 3, 5], [7, 9, 11]]


@pytest.mark.parametrize(
    ("text", "ones"),
    [
        ("*,1,1", Ones(0, 2)),
        ("1,1,*", Ones(2, 0)),
        ("1, *, 1", Ones(1, 1)),
        ("*", Ones()),
        ("1,1", None),
        ("*,*", None),
        ("*,2", None),
    ],
)
def test_axes_are_read_from_words(text, ones):
    assert Ones.read(text) == ones
