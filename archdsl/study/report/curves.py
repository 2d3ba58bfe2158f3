"""Learning curves in sum: how trials did that were put aside on the same rung, epoch by epoch."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from math import isfinite

import numpy as np

from archdsl.study.report.read import Record
from archdsl.study.trial import Trial

MOST_GROUPS = 5
"""Of trials that went equally far: a figure with more is not read."""

BEST = 3
"""Trials whose own curves are shown."""

Points = tuple[tuple[float, float], ...]
"""(epoch, value), by epoch."""


@dataclass(frozen=True, slots=True)
class CurveGroup:
    """Trials that went equally far.

    epochs: where they were put aside; None of those that were trained to their end
    trials: how many; steps: the epochs after which any of them said a value
    low, median, high: quartiles of these values
    """

    epochs: float | None
    trials: int
    steps: tuple[float, ...]
    low: tuple[float, ...]
    median: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class LearningCurves:
    """What the trials of a record said of the metric that it is judged by, in sum.

    groups: those that went farthest first; trials: how many said more than one value
    left_out: of these, such as are in no group, as few went as far as they did or they failed
    best: number of a trial -> its curve, the best first
    """

    metric: str
    groups: tuple[CurveGroup, ...]
    trials: int
    left_out: int
    best: dict[int, Points]


def learning_curves(record: Record) -> LearningCurves | None:
    """Those of a record; None where no trial said two values that are finite."""
    name = record.judged_by
    said = {trial.number: _points(trial, name) for trial in record.trials}
    curves = {number: points for number, points in said.items() if len(points) > 1}
    if not curves:
        return None
    ended: defaultdict[float | None, list[Points]] = defaultdict(list)
    for trial in record.trials:
        if trial.number in curves and trial.state in ("complete", "paused"):
            whole = trial.state == "complete"
            ended[None if whole else trial.epochs[-1]["step"]].append(curves[trial.number])
    largest = Counter({until: len(points) for until, points in ended.items()})
    kept = {until for until, _ in largest.most_common(MOST_GROUPS)} | ({None} & set(ended))
    order = sorted(kept, key=lambda until: np.inf if until is None else until, reverse=True)
    sign = record.better(-1, 1)
    ranked = sorted(record.complete, key=lambda one: (-sign * record.value(one), one.number))
    best = [one.number for one in ranked if one.number in curves][:BEST]
    return LearningCurves(
        name,
        tuple(_group(until, ended[until]) for until in order),
        len(curves),
        len(curves) - sum(len(ended[until]) for until in order),
        {number: curves[number] for number in best},
    )


def _points(trial: Trial, name: str) -> Points:
    return tuple(
        (float(one["step"]), float(one[name]))
        for one in trial.epochs if name in one and isfinite(one[name]) and isfinite(one["step"])
    )  # fmt: skip


def _group(until: float | None, curves: list[Points]) -> CurveGroup:
    values: defaultdict[float, list[float]] = defaultdict(list)
    for points in curves:
        for step, value in points:
            values[step].append(value)
    steps = sorted(values)
    quartiles = [np.quantile(values[step], [0.25, 0.5, 0.75]).tolist() for step in steps]
    low, median, high = (tuple(one) for one in zip(*quartiles, strict=True))
    return CurveGroup(until, len(curves), tuple(steps), low, median, high)
