"""Certain bounds of a count from the characteristic function of the members' costs.

A count is a sum of a step over the members: 1 where the cost is inside, 0 where not. Polynomials
that are certainly above and below a step turn it into finitely many values of the characteristic
function, and their distance, which is known, into the distance of the bounds. It shrinks as their
degree grows: about as many members lie between the bounds as in one `period / degree` of costs at
each edge of a window.

The step is damped, so that it may repeat: members beyond the budget by a whole period count for
next to nothing, and the period need be no longer than the budget. What they count for is bounded
by exp(-decay) times all members, and taken off.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from archdsl.spaces.bounds.characteristic import VAST, Axis, CharacteristicFunction
from archdsl.spaces.bounds.majorants import ERROR, Complex, majorant_and_minorant
from archdsl.spaces.circuit.circuit import Circuit
from archdsl.spaces.histogram.sparse import TooLarge

SOON = 100_000_000
"""Products of numbers that are formed for bounds better than needed: a fraction of a second. On
metaformer_224 below 2 G MACs ten times as many and a tenth change neither bounds nor time."""

MOST = 6_000_000_000
"""The same for bounds that are certified: a few seconds. On metaformer_224 with 1.98 to 1.98001 G
MACs bounds are 34 % apart in 3 s; a tenth leaves the lower one at 0 in 1.4 s, and ten times as many
take more than 6 s."""

FINE = 0.001
"""A distance of the bounds, as a share of the count, that is worth no more time. On
metaformer_224 below 2 G MACs bounds are 0.12 % apart; with ten times as much 0.63 %, and with a
tenth still 0.12 %."""

ENOUGH = 0.0083
"""The same where it takes longer. There, ten times as much leaves bounds 0.63 % apart, and a tenth
0.03 %."""

_PILOT = {1: (1_024,), 2: (96, 96)}
"""Degrees to begin with, by the number of windows. On metaformer_224 below 2 G MACs and 15 M params
bounds are 0.76 % apart in 1 s; a tenth as much leaves 0.83 %, and ten times takes more than 6 s."""

_GROWTH = 24
"""Of a degree in one step. Below 2 G MACs ten times as much and a tenth give the same bounds."""

_STRETCHES = (1.0, 1.5, 2.5, 5.0)
"""Periods that are tried. Below 1 G MACs and 10 M params bounds are 0.65 % apart in 1.5 s; with the
others ten times as long 1.6 %, and with the first alone it takes more than 4 s."""

_CLEAR = 9.0
"""Members a period beyond the budget count for exp(-9) of those inside. Below 2 G MACs, bounds are
22 % apart with a tenth, and 0.07 % with ten times as much."""

_BLOCK = 1 << 13
"""Values that are formed at once. There, ten times as many and a tenth take the same time."""

_COLUMNS = 1 << 10
"""Of a block. Below 2 G MACs and 15 M params a count takes 1 s, as with a tenth; with ten times as
many, which are more than a block, 4.7 s."""

_SUMMED = 1e-11
"""Error of sums in floating point, as a share of the sum of their sizes. Below 2 G MACs ten times
as much and a tenth leave bounds 0.12 % apart."""

_GOALS = tuple(ENOUGH * 1.25**step for step in range(-9, 20))


@dataclass(frozen=True, slots=True)
class Window:
    """Bounds of a cost in units, all of one sign: the cost times `sign` is low to high.

    least: what no member has less of
    """

    name: str
    unit: int
    sign: int
    least: int
    low: int
    high: int

    def period(self, stretch: float) -> int:
        """The shortest period with which no member comes before the step again, or a longer."""
        return math.ceil((self.high - self.least + 1) * stretch)


def window(name: str, unit: int, limits: tuple[int, int], reach: tuple[int, int]) -> Window:
    """A window of a cost that all members have a multiple of `unit` of.

    It is looked at from the side where the space begins sooner.
    """
    low, high = -(-limits[0] // unit), limits[1] // unit
    least, most = reach[0] // unit, reach[1] // unit
    low, high = max(low, least), min(high, most)
    if high - least <= most - low:
        return Window(name, unit, 1, least, low, high)
    return Window(name, unit, -1, -most, -high, -low)


@dataclass(frozen=True, slots=True)
class _Plan:
    """By window: the degree of the polynomials, and the period and the decay of the steps."""

    degrees: tuple[int, ...]
    periods: tuple[int, ...]
    decays: tuple[float, ...]

    def with_one(self, index: int, period: int) -> _Plan:
        """With another period for one window."""
        periods = (*self.periods[:index], period, *self.periods[index + 1 :])
        return replace(self, periods=periods)


@dataclass(frozen=True, slots=True)
class _Estimate:
    """Bounds of a count by a plan. gaps: by window, what its edges have of their distance."""

    low: float
    high: float
    gaps: tuple[float, ...]
    plan: _Plan
    effort: int  # of one frequency

    @property
    def difficulty(self) -> float:
        """The fewer frequencies bounds of some distance take, the less."""
        return math.prod(g * n for g, n in zip(self.gaps, self.plan.degrees, strict=True))


def bounded(circuit: Circuit, windows: Sequence[Window], size: int) -> tuple[int, int]:
    """How many of `size` members are inside windows, at least and at most.

    Of three windows and more by pairs of them. Raises TooLarge where the space is too vast for
    floating point.
    """
    if size > VAST:
        raise TooLarge
    if len(windows) > 2:
        return _by_pairs(circuit, windows, size)
    others = [float(size)]
    if len(windows) == 2:
        alone = [_Bounding(circuit, [one], size, others) for one in windows]
        for each in alone:
            each.settle()
        others = [each.high for each in reversed(alone)]
    bounding = _Bounding(circuit, windows, size, others)
    bounding.settle()
    bounding.refine()
    return max(0, math.ceil(bounding.low)), min(size, math.floor(bounding.high))


def _by_pairs(circuit: Circuit, windows: Sequence[Window], size: int) -> tuple[int, int]:
    """At most those of any pair; at least those of a pair without what is outside of another."""
    alone = [bounded(circuit, [one], size) for one in windows]
    indices = range(len(windows))
    pairs = {
        frozenset(pair): bounded(circuit, [windows[at] for at in pair], size)
        for pair in combinations(indices, 2)
    }

    def outside(one: int, other: int) -> int:
        return alone[one][1] - pairs[frozenset((one, other))][0]

    lows = [
        low - sum(min(outside(one, at) for one in pair) for at in indices if at not in pair)
        for pair, (low, _) in pairs.items()
    ]
    return max(0, *lows), min(high for _, high in pairs.values())


class _Bounding:
    """Bounds that become closer.

    others: by window, the most members that are inside the other one
    """

    def __init__(
        self, circuit: Circuit, windows: Sequence[Window], size: int, others: Sequence[float]
    ) -> None:
        self.circuit = circuit
        self.windows = windows
        self.size = size
        self.others = others
        self.low, self.high = 0.0, min(float(size), *others)
        periods = tuple(one.period(_STRETCHES[0]) for one in windows)
        self.plan = _Plan(_PILOT[len(windows)], periods, tuple(1 + need for need in self.needed()))

    def settle(self) -> None:
        """Find out by small degrees how to damp and how long to make the periods."""
        while True:
            tried = [self.estimate(self.plan)]
            for index, one in enumerate(self.windows):
                best = min(tried, key=lambda found: found.difficulty).plan
                tried += [
                    self.estimate(best.with_one(index, one.period(stretch)))
                    for stretch in _STRETCHES[1:]
                ]
            self.found = min(tried, key=lambda found: found.difficulty)
            needed = self.needed()
            if all(map(operator.le, needed, self.found.plan.decays)):
                return
            # the fewer are inside, the clearer of them the others have to be
            self.plan = replace(self.plan, decays=tuple(need + 1 for need in needed))

    def needed(self) -> list[float]:
        """The least decays with which members outside do not blur the count."""
        return [math.log(max(1.0, other / max(1.0, self.high))) + _CLEAR for other in self.others]

    def refine(self) -> None:
        """Look at more frequencies as long as that is worth its time."""
        while (plan := self.finer()) is not None:
            self.found = self.estimate(plan)

    @property
    def middle(self) -> float:
        """About the count: what bounds have beyond it is about the same on both sides."""
        return max((self.low + self.high) / 2, self.high / 64)

    def finer(self) -> _Plan | None:
        """What to look at next."""
        distance = (self.high - self.low) / max(1.0, self.high)
        if distance <= FINE:
            return None
        goals = [goal for goal in _GOALS if self.frequencies(self.degrees(goal)) <= SOON]
        if not goals or goals[0] > ENOUGH:
            if distance <= ENOUGH:
                return None
            goals = [
                goal for goal in _GOALS
                if goal >= ENOUGH
                and self.frequencies(self.degrees(goal)) <= (MOST if goal == ENOUGH else MOST / 5)
            ]  # fmt: skip
        if not goals or goals[0] > 0.9 * distance:
            return None
        degrees = self.degrees(goals[0], _GROWTH)
        grown = self.frequencies(degrees) > 1.1 * self.frequencies(self.found.plan.degrees)
        return replace(self.found.plan, degrees=degrees) if grown else None

    def degrees(self, goal: float, growth: float = math.inf) -> tuple[int, ...]:
        """Those by which the bounds are about so far apart, as a share of the count."""
        plan, count = self.found.plan, len(self.windows)
        return tuple(
            min(math.ceil(min(n * gap / self.middle * count / goal, growth * n)), _most(period))
            for n, gap, period in zip(plan.degrees, self.found.gaps, plan.periods, strict=True)
        )

    def frequencies(self, degrees: Sequence[int]) -> float:
        """The effort of polynomials of such degrees."""
        count = degrees[0] + 1 if len(degrees) == 1 else (degrees[0] + 1) * (2 * degrees[1] + 1)
        return self.found.effort * count

    def estimate(self, plan: _Plan) -> _Estimate:
        """The bounds by a plan, which make those there are no wider."""
        found = _estimate(self.circuit, self.windows, plan, self.size, self.others)
        self.low, self.high = max(self.low, found.low), min(self.high, found.high)
        return found


def _most(period: int) -> int:
    """The largest degree: as many frequencies as there are costs, and products of 62 bits."""
    return min(period, (1 << 61) // period)


def _estimate(
    circuit: Circuit, windows: Sequence[Window], plan: _Plan, size: int, others: Sequence[float]
) -> _Estimate:
    periods, decays = plan.periods, plan.decays
    degrees = tuple(map(min, plan.degrees, map(_most, periods)))
    axes = [
        Axis(one.name, one.unit, one.sign, decay / period)
        for one, period, decay in zip(windows, periods, decays, strict=True)
    ]
    function = CharacteristicFunction(circuit, axes)
    steps = [_step(*its) for its in zip(windows, periods, degrees, decays, strict=True)]
    fall = sum(
        axis.rate * (one.high + 0.5 - base)
        for axis, one, base in zip(axes, windows, function.base, strict=True)
    )
    scale = function.total * math.exp(fall)
    sizes = math.prod(1 + float(np.abs(step).sum(axis=1).max()) for step in steps)
    error = scale * sizes * (function.error + ERROR + _SUMMED)
    # a member counts for exp(-decay) at most in each window that it is outside of
    beyond = sum(math.exp(-decay) * other for decay, other in zip(decays, others, strict=True))
    if len(windows) == 1:
        high, low = (scale * _along(function, steps[0], periods[0])).tolist()
        gaps: tuple[float, ...] = (high - low,)
    else:
        beyond += math.exp(-sum(decays)) * size
        found = (scale * _across(function, steps, periods)).tolist()
        high = found[0][0]
        # a product of steps is at least that of the upper ones less what each is too large
        gaps = (high - found[1][0], high - found[0][1])
        low = high - sum(gaps)
    gaps = tuple(max(gap, error) for gap in gaps)
    plan = replace(plan, degrees=degrees)
    return _Estimate(low - error - beyond, high + error, gaps, plan, function.effort)


def _step(one: Window, period: int, degree: int, decay: float) -> Complex:
    """What to multiply the characteristic function by at 0, 1, ...: a row above, a row below."""
    above, below = majorant_and_minorant(degree, decay)
    end = _moved(np.array([above, below]), 2 * one.high + 1, period)
    if one.low > one.least:
        begin = _moved(np.array([below, above]), 2 * one.low - 1, period)
        end -= math.exp(-decay / period * (one.high - one.low + 1)) * begin
        end /= -math.expm1(-decay)  # what the lower step has left of the one a period before it
    end[:, 1:] *= 2  # a frequency and its negative
    return end


def _moved(coefficients: Complex, halves: int, period: int) -> Complex:
    """From polynomials of the way down from a jump to those of the cost, the jump at halves/2."""
    k = np.arange(coefficients.shape[1])
    angles = k * (halves % (2 * period)) % (2 * period) / (2 * period)
    return np.asarray((coefficients * np.exp(2j * np.pi * angles)).conj())


def _along(function: CharacteristicFunction, step: Complex, period: int) -> NDArray[np.float64]:
    """The sums over the frequencies of one cost: (above, below)."""
    count = step.shape[1]
    columns = function.turns(0, np.arange(_COLUMNS), period)
    total = np.zeros(2)
    for begin in range(0, count, _BLOCK):
        part = step[:, begin : begin + _BLOCK]
        starts = np.arange(begin, begin + part.shape[1], _COLUMNS)
        values = function.values(function.turns(0, starts, period), columns).ravel()
        total += (part @ values[: part.shape[1]]).real
    return total


def _across(
    function: CharacteristicFunction, steps: Sequence[Complex], periods: Sequence[int]
) -> NDArray[np.float64]:
    """The sums over pairs of frequencies: (above, below) of the first, by those of the second."""
    first, second = steps
    second = np.concatenate([second[:, :0:-1].conj(), second], axis=1)
    second[:, second.shape[1] // 2] *= 2
    second /= 2
    ends = np.arange(second.shape[1]) - second.shape[1] // 2
    total = np.zeros((2, 2))
    for begin in range(0, len(ends), _COLUMNS):
        here = slice(begin, begin + _COLUMNS)
        columns = function.turns(1, ends[here], periods[1])
        height = _BLOCK // columns.shape[1]
        for top in range(0, first.shape[1], height):
            part = first[:, top : top + height]
            rows = function.turns(0, np.arange(top, top + part.shape[1]), periods[0])
            total += (part @ function.values(rows, columns) @ second[:, here].T).real
    return total
