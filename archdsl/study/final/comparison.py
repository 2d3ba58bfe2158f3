"""Arms that were each trained with several seeds, compared on the same images.

The figure of arm a with seed s is m + arm_a + seed_as + (what image i is to arm a), averaged over
n images. Two things are drawn at random: seeds, and images. What seeds do is estimated over all
arms together, as each arm alone has too few of them; what the choice of images does is estimated
from the same images under two arms, less what seeds do to single images. The half-width of an
interval is so many standard errors, with Satterthwaite's degrees of freedom (1946), that all
differences that are shown lie inside theirs in 95 of 100 cases (Dunnett, 1955), also for an arm
that was picked as the best of several by figures that have the same luck in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from math import ceil, inf, isfinite, sqrt

import numpy as np

from archdsl.study.intervals import Interval

LEVEL = 0.05

_DRAWS = 200_000
_LARGE = 1000.0
"""Degrees of freedom from which on Student's t is the normal distribution."""


@dataclass(frozen=True, slots=True)
class Arm:
    """A network and its trainings.

    values: (seeds,) a metric of each training, the seeds in the same order for all arms
    right: (seeds, images) whether each image was told right, for a metric that is their share
    """

    name: str
    values: np.ndarray
    right: np.ndarray | None = None

    @property
    def mean(self) -> float:
        """Over the seeds."""
        return float(np.mean(self.values))


@dataclass(frozen=True, slots=True)
class Noise:
    """What a seed does to a figure: variance and its degrees of freedom."""

    variance: float
    freedom: int


@dataclass(frozen=True, slots=True)
class Difference:
    """One arm minus another.

    interval: simultaneous over all comparisons; None where nothing varied that could be measured
    per_point: seeds an arm that would tell a difference of `point` apart; None without an interval,
        or where the images alone are too few for it
    """

    one: str
    other: str
    gap: float
    interval: Interval | None
    per_point: int | None

    @property
    def distinguishable(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.interval is not None and not self.interval[0] <= 0 <= self.interval[1]


def seed_noise(arms: Sequence[Arm]) -> Noise | None:
    """The variance between seeds, pooled over all arms; None where no arm has two seeds."""
    freedom = sum(len(arm.values) - 1 for arm in arms)
    if freedom < 1:
        return None
    squares = sum(float(np.sum((arm.values - np.mean(arm.values)) ** 2)) for arm in arms)
    return Noise(squares / freedom, freedom)


def compared(
    one: Arm,
    other: Arm,
    noise: Noise | None,
    picked_of: int = 1,
    others: int = 1,
    point: float = 0.01,
) -> Difference:
    """One arm minus another, with its interval.

    noise: of seeds, pooled over all arms
    picked_of: among how many arms, besides the others, the one was the best
    others: how many it is compared with, each of which might have won, too
    point: the difference that `per_point` is about
    """
    gap = one.mean - other.mean
    if noise is None:
        return Difference(one.name, other.name, gap, None, None)
    seeds = noise.variance * (1 / len(one.values) + 1 / len(other.values))
    images, count = _image_variance(one, other)
    if seeds + images == 0 or not isfinite(gap + seeds + images):
        return Difference(one.name, other.name, gap, None, None)
    freedom = _satterthwaite(seeds, noise.freedom, images, count - 1)
    half = errors(freedom, picked_of, others) * sqrt(seeds + images)
    needed = _needed(noise, images, errors(inf, picked_of, others), point)
    return Difference(one.name, other.name, gap, (gap - half, gap + half), needed)


def _image_variance(one: Arm, other: Arm) -> tuple[float, int]:
    """What the choice of images does to the difference of two arms, and how many images there are.

    The variance over images of the difference of mean rightness has in it what seeds do to single
    images; that is estimated within the arms and taken off.
    """
    if one.right is None or other.right is None:
        return 0.0, 2
    gaps = one.right.mean(axis=0) - other.right.mean(axis=0)
    if len(gaps) < 2:
        return 0.0, 2
    within = 0.0
    for right in (one.right, other.right):
        seeds = len(right)
        if seeds > 1:
            within += float(np.mean(right.var(axis=0, ddof=1))) / seeds
    return max(0.0, float(np.var(gaps, ddof=1)) - within) / len(gaps), len(gaps)


def _satterthwaite(first: float, of_first: int, second: float, of_second: int) -> float:
    return (first + second) ** 2 / (first**2 / of_first + second**2 / of_second)


def errors(freedom: float, picked_of: int, others: int) -> float:
    """Standard errors to each side of a difference, so that all hold at once.

    The 95 % point, of draws with a fixed seed, of the largest of: the best of all arms minus each
    of the others, which is too large by luck; and, for an arm that wins by merit, each of the
    others minus it. For one arm and one other that is Student's t.
    """
    if picked_of == others == 1:
        from scipy.special import stdtrit  # scipy.stats takes two seconds to import

        return float(stdtrit(freedom if freedom < _LARGE else inf, 1 - LEVEL / 2))
    return _simulated(round(min(freedom, _LARGE), 1), picked_of, others)


@cache
def _simulated(freedom: float, picked_of: int, others: int) -> float:
    draws = np.random.default_rng(0)
    arms = draws.standard_normal((_DRAWS, picked_of))
    rest = draws.standard_normal((_DRAWS, others))
    scale = np.sqrt(draws.chisquare(freedom, _DRAWS) / freedom) if freedom < _LARGE else 1.0
    low, high = rest.min(axis=1), rest.max(axis=1)
    best = np.maximum(arms.max(axis=1), high)
    largest = np.maximum(best - low, high - arms[:, 0]) / np.sqrt(2) / scale
    return float(np.quantile(largest, 1 - LEVEL))


def _needed(noise: Noise, images: float, quantile: float, point: float) -> int | None:
    """The least number of seeds for each arm whose interval would be no wider than a point."""
    per_seed = 2 * noise.variance
    room = (point / quantile) ** 2 - images
    return max(2, ceil(per_seed / room)) if room > 0 else None
