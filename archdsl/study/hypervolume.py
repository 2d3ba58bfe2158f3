"""How much of the plane of two objectives a front dominates.

A hypervolume (Zitzler and Thiele, 1998) is measured from a reference point, and only what is
better than the reference in both objectives adds to it. Here the reference is the worst of each
objective among the first trials, those from which every sampler of ours starts, and the unit is
the box from there to the best of each among them. The reference follows from the first
trials alone, so that it does not move while a search goes on, is the same after a resume, and
the same for each of our samplers that draws these trials from one seed; and the unit makes the
figure one of no scale: MACs and accuracy are of very different sizes. The default alone would
be no reference: a front that is cheaper on one side of it and better on the other may hold
nothing that is both. Optuna keeps its own function of this to itself.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from archdsl.amounts import bounded, written
from archdsl.language.settings import Objective
from archdsl.study.objectives import scores
from archdsl.study.trial import Trial
from archdsl.units import counted

Point: TypeAlias = "tuple[float, float]"

FIRST = 10
"""Successful trials that reference and unit follow from: what a sampler has learnt is in none."""


@dataclass(frozen=True, slots=True)
class Hypervolume:
    """The hypervolume of a front of two objectives.

    value: in boxes from `worst` to `best`; above 1 where the front goes beyond the box
    worst, best: of each objective among the first `first` successful trials
    curve: (trial number, value up to then) of every successful trial
    """

    objectives: tuple[Objective, ...]
    value: float
    worst: Point
    best: Point
    first: int
    curve: tuple[tuple[int, float], ...]

    def words(self) -> str:
        """What it is measured in, in words: `1 is the box from accuracy 0.2, macs 579k to ...`."""
        return (
            f"1 is the box from {self._said(self.worst)} to {self._said(self.best)}, the worst "
            f"and the best of each among the first "
            f"{counted(self.first, 'trial')}"
        )

    def _said(self, point: Point) -> str:
        costs = bounded()
        return ", ".join(
            f"{one.name} {written(one.name, int(v)) if one.name in costs else f'{v:.4g}'}"
            for one, v in zip(self.objectives, point, strict=True)
        )

    def record(self) -> dict[str, Any]:
        """The figures as plain values that JSON can hold."""
        names = [one.name for one in self.objectives]
        return {
            "value": self.value,
            "worst": dict(zip(names, self.worst, strict=True)),
            "best": dict(zip(names, self.best, strict=True)),
            "first": self.first,
        }


def hypervolume(objectives: Sequence[Objective], trials: Iterable[Trial]) -> Hypervolume | None:
    """The hypervolume of the front of some trials, given in their order.

    None with one objective, and where the first trials leave no box to measure in: there is one
    alone, or all are alike in one objective.
    """
    done = [trial for trial in trials if trial.state == "complete"]
    if len(objectives) != 2 or not done:
        return None
    points = [_pair(scores(objectives, trial)) for trial in done]
    firsts = list(zip(*points[:FIRST], strict=True))
    worst, best = _pair(map(min, firsts)), _pair(map(max, firsts))
    box = (best[0] - worst[0]) * (best[1] - worst[1])
    if not box > 0:
        return None
    front = Front(worst)
    curve = []
    for trial, point in zip(done, points, strict=True):
        front.add(point)
        curve.append((trial.number, front.area / box))
    signs = [1 if one.direction == "maximize" else -1 for one in objectives]
    return Hypervolume(
        tuple(objectives),
        curve[-1][1],
        _pair(sign * value for sign, value in zip(signs, worst, strict=True)),
        _pair(sign * value for sign, value in zip(signs, best, strict=True)),
        min(FIRST, len(done)),
        tuple(curve),
    )


class Front:
    """The points that no other dominates, where more is better in both coordinates.

    area: how much of the plane above `reference` they dominate
    """

    def __init__(self, reference: Point) -> None:
        self.reference = reference
        self.area = 0.0
        self._points: list[Point] = []  # from left to right, and so from top to bottom

    def add(self, point: Point) -> None:
        """Take in a point; one that is dominated, or not above the reference, changes nothing."""
        x, y = point
        low, floor = self.reference
        if x <= low or y <= floor:
            return
        points = self._points
        at = bisect_left(points, point)
        if at < len(points) and points[at][1] >= y:
            return
        begin = at
        while begin and points[begin - 1][1] <= y:
            begin -= 1
        points[begin:at] = [point]
        self.area = self._swept()

    def _swept(self) -> float:
        low, floor = self.reference
        area, left = 0.0, low
        for x, y in self._points:
            area += (x - left) * (y - floor)
            left = x
        return area


def _pair(values: Iterable[float]) -> Point:
    one, other = values
    return one, other
