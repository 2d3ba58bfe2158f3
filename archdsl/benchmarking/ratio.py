"""How many times as fast one subject is as another, round by round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

LEVEL = 0.999
"""How sure the interval of a ratio is.

At 95 % one in twenty subjects that are equal to the first would be ranked. At this level it is one
in a thousand, and ten subjects beside the first are still nine runs in a thousand at most.
"""

LEAST_ROUNDS = 11
"""Fewer have no interval of that level: all ten rounds of ten point one way by chance, one or the
other, twice in 1,024 times.
"""

Finding = Literal["faster", "slower", "not told apart"]


@dataclass(frozen=True, slots=True)
class PairedRatio:
    """The median over the rounds of a ratio, and its interval at `LEVEL`.

    low, high: None where there are fewer rounds than `LEAST_ROUNDS`
    """

    median: float
    low: float | None
    high: float | None

    @property
    def finding(self) -> Finding:
        """What the rounds tell: only an interval without 1 in it ranks."""
        if self.low is None or self.high is None or self.low <= 1 <= self.high:
            return "not told apart"
        return "faster" if self.low > 1 else "slower"


def times_as_fast(first: Sequence[float], other: Sequence[float]) -> PairedRatio:
    """How many times as fast the other is: the first's time over its own, in each round.

    first, other: seconds of each in the same rounds

    The interval is that of a median by order statistics (W. Conover, Practical Nonparametric
    Statistics, 1999, section 3.2), as `scipy.stats.quantile_test` has it: it holds its level for
    any distribution of the noise. A bootstrap of so few rounds is narrower than its level says.
    """
    import numpy as np
    from scipy import stats

    ratios = np.asarray(first) / np.asarray(other)
    median = float(np.median(ratios))
    if len(ratios) < LEAST_ROUNDS:
        return PairedRatio(median, None, None)
    found = stats.quantile_test(ratios, q=1.0, p=0.5).confidence_interval(LEVEL)
    return PairedRatio(median, float(found.low), float(found.high))
