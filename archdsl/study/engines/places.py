"""Which part of the machine each worker has: a share of the cores, or a GPU."""

from __future__ import annotations

import os
from dataclasses import dataclass

from archdsl.errors import SearchError
from archdsl.units import counted


@dataclass(frozen=True, slots=True)
class MachineShare:
    """What one worker has. threads: of torch; gpu: its number as CUDA counts, None without one."""

    threads: int
    gpu: str | None = None

    def take(self) -> None:
        """Keep to it in this process, which has not used CUDA yet."""
        if self.gpu is not None:
            os.environ["CUDA_VISIBLE_DEVICES"] = self.gpu
        import torch

        torch.set_num_threads(self.threads)


def places(workers: int, per_gpu: int) -> list[MachineShare]:
    """A place for each worker. Raises SearchError where there are too few GPUs."""
    threads = max(1, cores() // workers)
    gpus = visible_gpus()
    if not gpus:
        return [MachineShare(threads)] * workers
    if workers > len(gpus) * per_gpu:
        needed = -(-workers // len(gpus))
        raise SearchError(
            f"search.workers: {workers} on {counted(len(gpus), 'GPU')}, each for {per_gpu} by "
            f"search.per_gpu.  write at most {len(gpus) * per_gpu} workers, or  per_gpu: {needed}"
        )
    return [MachineShare(threads, gpus[number % len(gpus)]) for number in range(workers)]


def cores() -> int:
    """How many cores this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1


def visible_gpus() -> list[str]:
    """The GPUs that this process sees, as CUDA_VISIBLE_DEVICES names them."""
    import torch

    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    names = named.split(",") if named else [str(number) for number in range(count)]
    return [name.strip() for name in names[:count]]
