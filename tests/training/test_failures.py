from __future__ import annotations

import pytest
import torch

from archdsl.training import Diverged, cause_of
from archdsl.training.failures import is_out_of_memory


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (Diverged("at step 3"), "diverged"),
        (MemoryError(), "out of memory"),
        (torch.OutOfMemoryError("CUDA out of memory"), "out of memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "out of memory"),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors"), "out of memory"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"), "out of memory"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), "out of memory"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), "out of memory"),
        (RuntimeError("unable to mmap 8 bytes: Cannot allocate memory (12)"), "out of memory"),
        (OSError(12, "Cannot allocate memory"), "out of memory"),
        (OSError(28, "No space left on device"), "OSError: [Errno 28] No space left on device"),
        (
            RuntimeError("CUDNN_STATUS_NOT_SUPPORTED"),
            "RuntimeError: CUDNN_STATUS_NOT_SUPPORTED",
        ),
        (ValueError("two\nlines"), "ValueError: two"),
        (KeyError(), "KeyError"),
        (ValueError("out of memory"), "ValueError: out of memory"),
    ],
)
def test_a_cause_is_the_same_for_the_same_failure(error, cause):
    assert cause_of(error) == cause
    assert is_out_of_memory(error) is (cause == "out of memory")


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
