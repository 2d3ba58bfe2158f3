"""Arms that were each trained with several seeds, compared on the same images.

The figure of arm a with seed s is m + arm_a + seed_as + (what image i is to arm a), averaged over
n images. Two things are drawn at random: seeds, and images. What seeds do is estimated over all
arms together, as each arm alone has too few of them; what the choice of images does is estimated
from the same images under two arms, less what seeds do to single images. The half-width of an
interval is Student's t with Satterthwaite's degrees of freedom (1946), at a level that is divided
by the number of comparisons (Bonferroni).

A winner that was picked among several arms is compared as if each of them had been: that holds the
level whichever is picked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, sqrt

import numpy as np

from archdsl.study.intervals import Interval

LEVEL = 0.05


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
    one: Arm, other: Arm, noise: Noise | None, comparisons: int = 1, point: float = 0.01
) -> Difference:
    """One arm minus another, with its interval.

    noise: of seeds, pooled over all arms; comparisons: how many differences the level is shared by
    point: the difference that `per_point` is about
    """
    gap = one.mean - other.mean
    if noise is None:
        return Difference(one.name, other.name, gap, None, None)
    seeds = noise.variance * (1 / len(one.values) + 1 / len(other.values))
    images, count = _image_variance(one, other)
    if seeds + images == 0:
        return Difference(one.name, other.name, gap, None, None)
    freedom = _satterthwaite(seeds, noise.freedom, images, count - 1)
    half = _quantile(freedom, comparisons) * sqrt(seeds + images)
    needed = _needed(noise, images, comparisons, point)
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


def _quantile(freedom: float, comparisons: int) -> float:
    from scipy.special import stdtrit  # scipy.stats takes two seconds to import

    return float(stdtrit(freedom, 1 - LEVEL / (2 * comparisons)))


def _needed(noise: Noise, images: float, comparisons: int, point: float) -> int | None:
    """The least number of seeds for each arm whose interval would be no wider than a point."""
    per_seed = 2 * noise.variance
    quantile = _quantile(1e6, comparisons)
    room = (point / quantile) ** 2 - images
    return max(2, ceil(per_seed / room)) if room > 0 else None
