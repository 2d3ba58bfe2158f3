"""What the report's charts show: a record as points, lines and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate

from archdsl.amounts import written
from archdsl.study.final.verdict import Verdict
from archdsl.study.hypervolume import Hypervolume
from archdsl.study.report.findings import Look
from archdsl.study.report.read import Record
from archdsl.study.trial import Trial
from archdsl.views.chart import BAD, GOOD, QUIET, Chart, Marks, Reference

_FIRST, _SOUGHT = "#d9822b", "#3b7dd8"

COLOURS = {
    "default": _FIRST, "random": QUIET, "grid": QUIET, "tpe": _SOUGHT, "evolution": _SOUGHT,
    "gp": _SOUGHT, "optuna": _SOUGHT,
}  # fmt: skip
"""By where a trial came from, in the order of the legend."""


def best_so_far(record: Record) -> Chart:
    """Every trial in the order of the search, and the best up to then."""
    done = record.complete
    best = list(accumulate((record.value(trial) for trial in done), record.better))
    failed = [trial.number for trial in record.failed]
    return Chart(
        title=f"{record.judged_by} of each trial, and the best so far",
        marks=[
            *_dots(record, lambda trial: trial.number),
            Marks("steps", [trial.number for trial in done], best, GOOD, "best so far"),
            *([Marks("crosses", failed, [0.02] * len(failed), BAD, "failed")] if failed else []),
        ],
        x_label="trial",
        y_label=record.judged_by,
        legend=True,
    )


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
    for origin, colour in COLOURS.items():
        trials = [trial for trial in record.complete if trial.origin == origin]
        if trials:
            label = "first" if origin == "default" else origin
            values = [record.value(trial) for trial in trials]
            yield Marks("dots", [x(trial) for trial in trials], values, colour, label)
    if (best := record.best) is not None:
        yield Marks("ring", (x(best),), (record.value(best),), GOOD, "winner")
