from __future__ import annotations

import pytest
import torch

from archdsl.training import Diverged, cause_of


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (Diverged("at step 3"), "diverged"),
        (MemoryError(), "out of memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out of memory"),
        (ValueError("two\nlines"), "ValueError: two"),
        (KeyError(), "KeyError"),
        (ValueError("out of memory"), "ValueError: out of memory"),
    ],
)
def test_a_cause_is_the_same_for_the_same_failure(error, cause):
    assert cause_of(error) == cause


def test_an_allocation_that_no_machine_can_serve_is_out_of_memory():
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60)
    assert cause_of(caught.value) == "out of memory"


def test_a_cause_is_found_behind_other_errors():
    try:
        try:
            raise MemoryError
        except MemoryError as error:
            raise ValueError("while training") from error
    except ValueError as error:
        assert cause_of(error) == "out of memory"
