"""What architectures differ by, against what seeds make of one and the same.

The value of architecture a with seed s is m + architecture_a + seed_as. The variances of the two
are those of the analysis of variance with one factor at random (R. A. Fisher, 1925; method of
moments), with intervals of the bootstrap over architectures of `agreement`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np

from archdsl.study.intervals import Interval, Z
from archdsl.study.proxy.agreement import Floats, interval_of


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations, in the unit of the metric, with 95 % intervals.

    architectures: between them, what seeds do taken off; 0 where it is no more than that
    seeds: between trainings of one architecture
    Both None where each was trained once only; `all` is what was seen then: the two together
    ratio: between architectures over between seeds; None where one of the two is not known, and
        where seeds do nothing. The upper end of its interval is None where it has no bound, as
        seeds do nothing in too many resamples
    """

    architectures: float | None
    architectures_interval: Interval | None
    seeds: float | None
    seeds_interval: Interval | None
    all: float
    ratio: float | None = None
    ratio_interval: tuple[float, float | None] | None = None


def spread(values: Floats) -> Spreads:
    """The spread of values (A, S) of at least two architectures."""
    once = np.ones((1, len(values)))
    _, exponent = np.frexp(np.abs(values).max())
    near = np.ldexp(
        values, -exponent
    )  # to one, so that no square is too large or small for a float

    def known(what: Callable[[Floats, Floats], Floats], unit: int) -> tuple[float, Interval]:
        found = what(near, once)[0]
        low, high = interval_of(len(near), lambda w: what(near, w))
        return float(np.ldexp(found, unit)), (
            float(np.ldexp(low, unit)),
            float(np.ldexp(high, unit)),
        )

    all_ = float(np.ldexp(np.std(near[:, 0], ddof=1), exponent))
    if values.shape[1] < 2:
        return Spreads(None, None, None, None, all_)
    between, within = known(_between, exponent), known(_within, exponent)
    if within[0] == 0:
        return Spreads(*between, *within, all_)
    ratio, (low, high) = known(_ratio, 0)
    return Spreads(*between, *within, all_, ratio, (low, high if isfinite(high) else None))


def _within(values: Floats, counts: Floats) -> Floats:
    """Between seeds, in each resample: (A, S), (B, A) -> (B,)."""
    each = np.where(np.ptp(values, axis=1) > 0, values.var(axis=1, ddof=1), 0.0)  # not 1e-34
    return np.asarray(np.sqrt(counts @ each / counts.sum(axis=1)))


def _between(values: Floats, counts: Floats) -> Floats:
    """Between architectures, in each resample: (A, S), (B, A) -> (B,)."""
    means, many = values.mean(axis=1), counts.sum(axis=1)
    centre = counts @ means / many
    squares = counts @ means**2 - many * centre**2
    of_means = squares / (many - 1)
    seeds = _within(values, counts) ** 2 / values.shape[1]
    return np.asarray(np.sqrt(np.maximum(0.0, of_means - seeds)))


def _ratio(values: Floats, counts: Floats) -> Floats:
    """The first over the second: (A, S), (B, A) -> (B,); infinite where only the second is zero."""
    between, within = _between(values, counts), _within(values, counts)
    none = np.where(between > 0, np.inf, 0.0)
    return np.divide(between, within, out=none, where=within > 0)


def seeds_to_tell(found: Spreads) -> int | None:
    """How many seeds each tell two architectures apart that differ by one spread between them.

    So many that the 95 % interval of their difference leaves out zero, by the normal
    distribution; two at least. None where the spreads are not known.
    """
    if not found.architectures or found.seeds is None:
        return None
    return max(2, int(np.ceil(2 * (Z * found.seeds / found.architectures) ** 2)))
