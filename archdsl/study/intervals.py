"""Confidence intervals, all at 95 %."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

Interval = tuple[float, float]

Z = 1.959963984540054
"""The 97.5 % point of the normal distribution."""


def wilson(share: float, n: float) -> Interval:
    """The score interval of a share of n observations (Wilson, 1927).

    n: may be an effective number of observations, and need not be whole
    """
    if n <= 0:
        return 0.0, 1.0
    centre = (share + Z * Z / (2 * n)) / (1 + Z * Z / n)
    half = Z / (1 + Z * Z / n) * sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    # at the ends rounding would leave the bound a hair inside
    low = 0.0 if share == 0 else max(0.0, centre - half)
    high = 1.0 if share == 1 else min(1.0, centre + half)
    return low, high


def difference(one: float, n_one: float, other: float, n_other: float) -> Interval:
    """The interval of one share minus another (Newcombe, 1998, method 10).

    It takes the two for independent. Where both judge the same images it is, for models that
    tend to err on the same ones, wider than need be.
    """
    low_one, high_one = wilson(one, n_one)
    low_other, high_other = wilson(other, n_other)
    gap = one - other
    below = sqrt((one - low_one) ** 2 + (high_other - other) ** 2)
    above = sqrt((high_one - one) ** 2 + (other - low_other) ** 2)
    return gap - below, gap + above


def mean(values: Sequence[float]) -> tuple[float, Interval | None]:
    """A mean and the interval of it by Student's t; None for a single value."""
    from scipy.special import stdtrit  # scipy.stats takes two seconds to import

    n = len(values)
    centre = sum(values) / n
    if n < 2:
        return centre, None
    spread = sqrt(sum((value - centre) ** 2 for value in values) / (n - 1))
    half = float(stdtrit(n - 1, 0.975)) * spread / sqrt(n)
    return centre, (centre - half, centre + half)
