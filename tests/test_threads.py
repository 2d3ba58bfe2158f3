"""Small work gets one thread, whatever the machine has; torch's number is put back."""

from __future__ import annotations

import pytest
import torch

from archdsl import threads


@pytest.mark.parametrize(
    ("macs", "one"), [(0, True), (threads.SMALL - 1, True), (threads.SMALL, False)]
)
def test_the_rule_looks_at_the_work(macs: int, one: bool) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with threads.for_work(macs):
            assert torch.get_num_threads() == (1 if one else 2)
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_the_number_is_put_back_after_an_error() -> None:
    before = torch.get_num_threads()
    with pytest.raises(ValueError), threads.for_work():
        raise ValueError
    assert torch.get_num_threads() == before
