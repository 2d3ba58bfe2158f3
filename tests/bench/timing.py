"""Two ways to do one thing, timed in turn in one process, so that a busy machine slows both."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch

Work = Callable[[], object]
Clock = Callable[[], float]


@dataclass(frozen=True)
class Pair:
    """Seconds per call of one and of the other, round by round."""

    one: list[float]
    other: list[float]

    @property
    def medians(self) -> tuple[float, float]:
        """Seconds per call of one, of the other."""
        return statistics.median(self.one), statistics.median(self.other)

    @property
    def ratios(self) -> list[float]:
        """How many times as fast one is as the other, in each round, from least to most."""
        return sorted(b / a for a, b in zip(self.one, self.other, strict=True))

    def words(self) -> str:
        """`1.12 (1.05 to 1.20)`: the median over the rounds, and the middle half of them."""
        low, _, high = statistics.quantiles(self.ratios, n=4)
        return f"{statistics.median(self.ratios):.2f} ({low:.2f} to {high:.2f})"


def wall_clock(device: torch.device) -> Clock:
    """A clock that waits for what the device still does."""

    def read() -> float:
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter()

    return read


def alternate(
    one: Work, other: Work, *, rounds: int, clock: Clock, sample: float = 0.3, most: int = 200
) -> Pair:
    """Both in turn, one before the other in every second round.

    sample: seconds that a sample takes at least; it repeats the work until then, up to `most` times
    """
    works = (one, other)
    times = [max(1, min(most, round(sample / _seconds(work, 1, clock)))) for work in works]
    found: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for which in (0, 1) if number % 2 == 0 else (1, 0):
            found[which].append(_seconds(works[which], times[which], clock))
    return Pair(*found)


def _seconds(work: Work, times: int, clock: Clock) -> float:
    begun = clock()
    for _ in range(times):
        work()
    return (clock() - begun) / times
