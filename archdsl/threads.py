"""How many of torch's threads a piece of work is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

SMALL = 2_000_000_000
"""MACs of one forward pass below which sharing it between threads costs more than it gives.

Threads that wait for each other on busy cores made a trial of the bundled search, 30 million
MACs a step, thirteen times slower than one thread alone.
"""


@contextmanager
def for_work(macs: int = 0) -> Iterator[None]:
    """One thread for a pass of so few MACs, all of torch's for a larger one.

    The rule looks at the work and not at the clock, so that a run on another machine adds its
    numbers up in the same order.
    """
    import torch

    before = torch.get_num_threads()
    if macs < SMALL:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
