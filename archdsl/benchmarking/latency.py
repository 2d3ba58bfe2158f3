"""How long a pass takes: percentiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds that 50, 90 and 99 of 100 passes end within.

    None where there were too few passes for one to lie beyond: fewer than 10 for `p90`, than 100
    for `p99`.
    """

    p50: float
    p90: float | None
    p99: float | None


def latency(seconds: Sequence[float]) -> Latency:
    """The percentiles of the times of passes. Between two times that were measured it takes the
    longer, so that each figure is the time of a pass that was.
    """
    import numpy as np

    def percentile(rank: int) -> float | None:
        if len(seconds) * (100 - rank) < 100:
            return None
        return float(np.percentile(seconds, rank, method="higher"))

    middle = float(np.percentile(seconds, 50, method="higher"))
    return Latency(middle, percentile(90), percentile(99))
