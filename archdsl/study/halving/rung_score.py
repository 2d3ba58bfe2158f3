"""What a training is worth on a rung: the mean of its last epochs, which luck moves less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite

from archdsl.amounts import bounded
from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.trial import Metrics
from archdsl.training.metrics import metric


def rung_values(
    objectives: Sequence[Objective],
    reports: Sequence[Metrics],
    costs: Mapping[str, int],
    last: int,
) -> tuple[float, ...]:
    """The objectives, each the mean of the last so many reports that have it; costs as they are.

    Raises SearchError for a metric that no report has, and for one that is no figure.
    """
    found = tuple(
        float(costs[one.name]) if one.name in bounded() else _mean(reports, one.name, last)
        for one in objectives
    )
    for one, value in zip(objectives, found, strict=True):
        if not isfinite(value):
            raise SearchError(f"{one.name} is {value}")
    return found


def rung_metrics(reports: Sequence[Metrics], last: int) -> Metrics:
    """Every metric, each the mean of the last so many reports that have it."""
    names = dict.fromkeys(name for one in reports for name in one if name != "step")
    return {name: _mean(reports, name, last) for name in names}


def _mean(reports: Sequence[Metrics], name: str, last: int) -> float:
    found = [report[name] for report in reports if name in report][-last:]
    if not found:
        if not reports:
            raise SearchError(f"no epoch was reported, and so no {name}")
        return metric(reports[-1], name)
    return sum(found) / len(found)  # fmean raises for what is infinite
