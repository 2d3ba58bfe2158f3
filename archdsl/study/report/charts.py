"""What the report's charts show: a record as points, lines and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from archdsl.amounts import bounded, written
from archdsl.study.final.verdict import Verdict
from archdsl.study.hypervolume import Hypervolume
from archdsl.study.report import findings
from archdsl.study.report.findings import Look
from archdsl.study.report.read import Record
from archdsl.study.trial import Trial
from archdsl.views.chart import BAD, GOOD, QUIET, Band, Chart, DotShape, Marks, Reference

_FIRST, _SOUGHT = "#d9822b", "#3b7dd8"

ORIGINS: dict[str, tuple[str, DotShape]] = {
    "default": (_FIRST, "diamond"), "random": (QUIET, "circle"), "grid": (QUIET, "square"),
    "tpe": (_SOUGHT, "triangle"), "evolution": (_SOUGHT, "square"), "gp": (_SOUGHT, "pentagon"),
    "optuna": (_SOUGHT, "plus"),
}  # fmt: skip
"""Colour and shape by where a trial came from, in the order of the legend."""


def origin_words(trial: Trial) -> str:
    """Where a trial came from."""
    return "first" if trial.origin == "default" else trial.origin


def best_so_far(record: Record) -> Chart:
    """Every trial in the order of the search, and the best up to then."""
    done, best = record.complete, so_far(record)
    numbers, failed = [one.number for one in done], [trial.number for trial in record.failed]
    intervals = {one.number: findings.validation_interval(record, one) for one in best}
    known = [
        (n, found) for n, one in zip(numbers, best, strict=True) if (found := intervals[one.number])
    ]
    ends = ([n for n, _ in known], [low for _, (low, _) in known], [high for _, (_, high) in known])
    return Chart(
        title=f"{record.judged_by} of each trial, and the best so far",
        marks=[
            *_dots(record, lambda trial: trial.number),
            Marks("steps", numbers, [record.value(one) for one in best], GOOD, "best so far"),
            *([Marks("crosses", failed, [0.02] * len(failed), BAD, "failed")] if failed else []),
        ],
        x_label="trial",
        y_label=record.judged_by,
        legend=True,
        bands=[Band(*ends, GOOD, "95 % interval of it")] if known else [],
    )


def so_far(record: Record) -> list[Trial]:
    """The best up to each trial that did not fail."""

    def better(one: Trial, other: Trial) -> Trial:
        a, b = record.value(one), record.value(other)
        return one if a == b or record.better(a, b) == a else other

    return list(accumulate(record.complete, better))


def drawn_costs(record: Record) -> list[str]:
    """The costs that trials are drawn against: those that are bounded or sought, and MACs."""
    sought = (one.name for one in record.objectives if one.name in bounded())
    return list(dict.fromkeys([*record.budget, *sought, "macs"]))


def against_cost(record: Record, cost: str) -> Chart:
    """Every trial by what it costs, with the budget."""
    marks = list(_dots(record, lambda trial: trial.costs[cost]))
    if len(record.objectives) == 2:
        ordered = sorted(record.front, key=lambda trial: trial.costs[cost])
        at, values = [t.costs[cost] for t in ordered], [record.value(t) for t in ordered]
        marks.append(Marks("line", at, values, GOOD, "front"))
    return Chart(
        title=f"{record.judged_by} of each trial by {cost}",
        marks=marks,
        limits=[
            Reference(bound, f"budget {written(cost, bound)}")
            for bound in record.budget.get(cost, ())
            if bound
        ],
        x_label=cost,
        x_text=lambda value: written(cost, round(value)),
        y_label=record.judged_by,
        legend=True,
    )


def hypervolume(found: Hypervolume) -> Chart:
    """How much the front dominates, trial by trial."""
    numbers, values = zip(*found.curve, strict=True)
    return Chart(
        title="hypervolume of the front after each trial",
        marks=[Marks("steps", numbers, values, GOOD)],
        x_label="trial",
        y_label="hypervolume",
        height=2.6,
        y_range=(0, None),
    )


def test_looks(seen: list[Look]) -> Chart:
    """Accuracy on the test split with its interval."""
    marks = []
    for row, look in enumerate(reversed(seen)):
        colour = GOOD if look.who == "the winner" else _FIRST
        assert look.interval is not None, "what has none is not drawn"
        marks.append(Marks("interval", look.interval, (row, row), colour))
        marks.append(Marks("dot", (look.metrics["accuracy"],), (row,), colour))
    return Chart(
        title="accuracy on the test split",
        marks=marks,
        x_label="accuracy on the test split, with 95 % intervals",
        y_names=[f"trial {look.trial}" for look in reversed(seen)],
        height=0.7 + 0.5 * len(seen),
        y_range=(-0.6, len(seen) - 0.4),
    )


def final_round(verdict: Verdict) -> Chart:
    """Every training of the final round, and the mean of each network."""
    marks = []
    for row, arm in enumerate(reversed(verdict.arms)):
        colour = GOOD if arm is verdict.winner else _FIRST
        marks.append(Marks("dots", list(arm.values), [row] * len(arm.values), QUIET))
        marks.append(Marks("dot", (arm.mean,), (row,), colour))
    return Chart(
        title=f"{verdict.metric} on {verdict.where} in the final round",
        marks=marks,
        x_label=f"{verdict.metric} on {verdict.where}: each training, and the mean",
        y_names=[arm.name for arm in reversed(verdict.arms)],
        height=0.7 + 0.4 * len(verdict.arms),
        y_range=(-0.6, len(verdict.arms) - 0.4),
    )


def _dots(record: Record, x: Callable[[Trial], float]) -> Iterator[Marks]:
    for origin, (colour, shape) in ORIGINS.items():
        trials = [trial for trial in record.complete if trial.origin == origin]
        if trials:
            values = [record.value(trial) for trial in trials]
            at = [x(trial) for trial in trials]
            yield Marks("dots", at, values, colour, origin_words(trials[0]), shape)
    if (best := record.best) is not None:
        yield Marks("ring", (x(best),), (record.value(best),), GOOD, "winner")
