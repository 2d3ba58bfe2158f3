"""What certainly does not fit the memory."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from archdsl import memory
from archdsl.benchmarking.asked import Asked
from archdsl.errors import BenchError

_BYTES = 4  # of a 32-bit float


def refuse_too_much(asked: Iterable[Asked]) -> None:
    """Refuse a batch of which images and one layer alone need more than there is.

    A system that has no memory left ends the process without a word. Raises BenchError.
    """
    free = memory.free()
    for one in asked:
        numbers = one.batch * prod(one.network.input)
        if one.cost is not None:
            numbers = one.batch * one.cost.activations + one.cost.train_params
        if numbers * _BYTES > free:
            raise BenchError(
                f"{one.label}: a batch of {one.batch:,} needs {memory.written(numbers * _BYTES)} "
                f"for its largest layer alone, and {memory.written(free)} are free.  choose a "
                "smaller  batch"
            )
