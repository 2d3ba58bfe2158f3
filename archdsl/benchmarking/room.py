"""What certainly does not fit the memory is refused before it is tried."""

from __future__ import annotations

import functools

import torch

from archdsl import memory
from archdsl.benchmarking.passes import passes_of
from archdsl.benchmarking.peak import peak
from archdsl.benchmarking.workload import Mode, Workload
from archdsl.compiler.builder import build
from archdsl.compiler.network import Network
from archdsl.errors import BenchError

FEW, MORE = 2, 4
"""Images of the two passes that are looked at. One alone has no variance, where a batch norm over
maps of one pixel needs some."""


def refuse_too_much(workload: Workload) -> None:
    """Refuse a batch that needs more memory than there is.

    A system that has none left ends the process without a word. What a pass needs is the most of
    sums that grow with the batch evenly, so that a line through two small batches lies nowhere
    above it: what is refused is certain not to fit. Raises BenchError.
    """
    if workload.batch <= MORE:
        return
    few, more = _looked_at(workload.network, workload.mode)
    needed = few + (more - few) * (workload.batch - FEW) // (MORE - FEW)
    free = memory.free()
    if needed > free:
        raise BenchError(
            f"{workload.label}: a batch of {workload.batch:,} in {workload.mode} needs at least "
            f"{memory.written(needed)}, and {memory.written(free)} are free.  choose a smaller  "
            "batch"
        )


@functools.lru_cache(maxsize=16)
def _looked_at(network: Network, mode: Mode) -> tuple[int, int]:
    """Bytes of a pass of `FEW` images, and of `MORE`."""
    module = build(network).train(mode == "train")
    cpu = torch.device("cpu")
    steps = [
        passes_of(module, module, torch.randn(many, *network.input), mode) for many in (FEW, MORE)
    ]
    steps[0]()
    few, more = (peak(step, 0, cpu) or 0 for step in steps)
    return few, more
