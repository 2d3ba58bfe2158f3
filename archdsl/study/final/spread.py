"""A few trials of a front that stand for it."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.language.settings import Objective
from archdsl.study.hypervolume import Front, Point
from archdsl.study.objectives import front, scores
from archdsl.study.trial import Trial


def spread(objectives: Sequence[Objective], trials: Sequence[Trial], keep: int) -> list[Trial]:
    """At most `keep` trials of the front of two objectives that together dominate the most.

    Each in its turn is the one that adds most to those before, which comes to at least 63 % of the
    most that so many could (Nemhauser et al., 1978). It is measured from the worst of each
    objective in the front, and a tenth of its range below, so that its ends count.
    """
    left = front(objectives, trials)
    points: dict[int, Point] = {}
    for trial in left:
        one, other = scores(objectives, trial)
        points[trial.number] = one, other
    lows, highs = ([f(column) for column in zip(*points.values(), strict=True)] for f in (min, max))
    reference = tuple(
        low - (0.1 * (high - low) or 1.0) for low, high in zip(lows, highs, strict=True)
    )
    kept: list[Trial] = []
    while left and len(kept) < keep:
        areas = [_area([*kept, trial], points, (reference[0], reference[1])) for trial in left]
        kept.append(left.pop(areas.index(max(areas))))
    return kept


def _area(trials: Sequence[Trial], points: dict[int, Point], reference: Point) -> float:
    found = Front(reference)
    for trial in trials:
        found.add(points[trial.number])
    return found.area
