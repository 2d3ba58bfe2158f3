"""What a user's code may leave changed in a process, and the next trial would find."""

from __future__ import annotations

import os
import signal
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The state of a process that a trial must leave as it was."""

    folder: str
    environment: dict[str, str]
    threads: frozenset[int]
    handlers: tuple[Any, ...]
    filters: tuple[Any, ...]
    torch: tuple[Any, ...]

    @classmethod
    def now(cls) -> Self:
        """Those of this process at this moment."""
        try:
            folder = str(Path.cwd())
        except OSError:  # it is gone
            folder = ""
        return cls(
            folder,
            dict(os.environ),
            frozenset(thread.ident or 0 for thread in threading.enumerate()),
            tuple(signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)),
            tuple(warnings.filters),
            _of_torch(),
        )


def _of_torch() -> tuple[Any, ...]:
    import torch

    return (
        torch.get_num_threads(),
        torch.get_default_dtype(),
        torch.get_default_device(),
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch.is_anomaly_enabled(),
        torch.are_deterministic_algorithms_enabled(),
        torch.get_float32_matmul_precision(),
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.deterministic,
    )
