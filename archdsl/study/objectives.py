"""What makes one trial better than another."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite

from archdsl.amounts import bounded
from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.trial import Metrics, Trial
from archdsl.training.metrics import metric


def finite_values_of(
    objectives: Sequence[Objective], metrics: Metrics, costs: Mapping[str, int]
) -> tuple[float, ...]:
    """The same as `values_of`. Raises SearchError for one that is no figure, too."""
    values = values_of(objectives, metrics, costs)
    for one, value in zip(objectives, values, strict=True):
        if not isfinite(value):
            raise SearchError(f"{one.name} is {value}")
    return values


def values_of(
    objectives: Sequence[Objective], metrics: Metrics, costs: Mapping[str, int]
) -> tuple[float, ...]:
    """What the objectives come to. Raises SearchError for a metric that was not logged."""
    return tuple(
        float(costs[one.name]) if one.name in bounded() else metric(metrics, one.name)
        for one in objectives
    )


def first_metric(objectives: Sequence[Objective]) -> str:
    """The name of the objective that a bare number from `evaluate` stands for."""
    return next((one.name for one in objectives if one.name not in bounded()), "value")


def scores(objectives: Sequence[Objective], trial: Trial) -> tuple[float, ...]:
    """The objectives of a trial that did not fail, signed so that larger is better."""
    assert trial.values is not None
    return signed(objectives, trial.values)


def signed(objectives: Sequence[Objective], values: Sequence[float]) -> tuple[float, ...]:
    """Values of the objectives, signed so that larger is better."""
    return tuple(
        value if one.direction == "maximize" else -value
        for one, value in zip(objectives, values, strict=True)
    )


def ranked(objectives: Sequence[Objective], trials: Iterable[Trial]) -> list[Trial]:
    """The trials that have values, the best in the first objective first."""
    done = [trial for trial in trials if trial.state == "complete"]
    done.sort(key=lambda trial: _place(objectives, trial))
    return done


def front(objectives: Sequence[Objective], trials: Iterable[Trial]) -> list[Trial]:
    """The trials that no other dominates, the best in the first objective first.

    With one objective: the best trial. Of two trials with the same values the earlier stays.
    """
    kept: list[Trial] = []
    for trial in ranked(objectives, trials):
        own = scores(objectives, trial)
        # sorted by the first objective: whatever dominates it stands before it
        if not any(at_least(scores(objectives, other), own) for other in kept):
            kept.append(trial)
    return kept


def joined(objectives: Sequence[Objective], kept: list[Trial], trial: Trial) -> list[Trial]:
    """The front of some trials and one more, given the front of those.

    As `front` gives it, without comparing those of a front with each other again.
    """
    if trial.state != "complete":
        return kept
    own, place = scores(objectives, trial), _place(objectives, trial)
    at = bisect_left(kept, place, key=lambda other: _place(objectives, other))
    if any(at_least(scores(objectives, other), own) for other in kept[:at]):
        return kept
    rest = [other for other in kept[at:] if not at_least(own, scores(objectives, other))]
    return [*kept[:at], trial, *rest]


def best(objectives: Sequence[Objective], trials: Iterable[Trial]) -> Trial | None:
    """The best in the first objective among those that no other dominates."""
    return next(iter(front(objectives, trials)), None)


def _place(objectives: Sequence[Objective], trial: Trial) -> tuple[float, ...]:
    """By what trials are sorted, the best in the first objective first."""
    return (*(-score for score in scores(objectives, trial)), trial.number)


def at_least(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    """Whether no signed value of the other is larger."""
    return all(mine >= theirs for mine, theirs in zip(one, other, strict=True))
