"""Charts of what follows from answers: importance, effects; and of learning curves in sum."""

from __future__ import annotations

import dataclasses

from archdsl.study.report.curves import LearningCurves
from archdsl.study.report.effects import AnswerEffect, Effects
from archdsl.study.report.mattered import Mattered
from archdsl.units import counted
from archdsl.views.chart import GOOD, QUIET, Band, Chart, Marks, Reference

MOST_ROWS = 16
"""Of a chart: the table beside it has all."""

_SOUGHT, _FIRST = "#3b7dd8", "#d9822b"
_GROUPS = (_SOUGHT, _FIRST, QUIET, "#8e5bb5", "#b08900", "#3f9aa6")


def importances(found: Mattered) -> Chart:
    """The most important decisions with their intervals, and what chance alone makes of each."""
    shown = list(reversed(found.importances[:MOST_ROWS]))
    rows, chance = range(len(shown)), [one.by_chance for one in shown]
    return Chart(
        title="importance of the decisions by PED-ANOVA",
        marks=[
            *(
                Marks("interval", one.interval, (row, row), _SOUGHT)
                for row, one in enumerate(shown)
            ),
            Marks("dots", chance, rows, QUIET, "by chance, 95 %", "diamond"),
            Marks("dot", [one.share for one in shown], rows, _SOUGHT, "importance, 95 % interval"),
        ],
        x_label="share of the importance of all decisions",
        y_names=[one.address for one in shown],
        height=1.2 + 0.3 * len(shown),
        legend=True,
        y_range=(-0.6, len(shown) - 0.4),
    )


def largest(found: Effects) -> Effects:
    """What a chart of effects shows: decisions of which an answer is told apart, largest first."""
    told = {
        address: max(abs(one.change or 0.0) for one in answers)
        for address, answers in found.by_decision.items()
        if any(one.interval is not None and not one.interval[0] <= 0 <= one.interval[1]
               for one in answers)
    }  # fmt: skip
    shown: dict[str, list[AnswerEffect]] = {}
    rows = 0
    for address in sorted(told, key=told.__getitem__, reverse=True):
        answers = found.by_decision[address]
        if shown and rows + len(answers) > MOST_ROWS:
            break
        shown[address], rows = answers, rows + len(answers)
    return dataclasses.replace(found, by_decision=shown)


def effects(found: Effects, metric: str) -> Chart:
    """The effects of answers with their intervals, from top to bottom as they are given."""
    rows = [
        (f"{address}: {one.answer}", one.change, one.interval)
        for address, answers in found.by_decision.items()
        for one in answers[:MOST_ROWS]
        if one.change is not None and one.interval is not None
    ][::-1]
    return Chart(
        title=f"effect of answers on {metric}",
        marks=[
            *(
                Marks("interval", ends, (row, row), _SOUGHT)
                for row, (_, _, ends) in enumerate(rows)
            ),
            Marks("dot", [change for _, change, _ in rows], range(len(rows)), _SOUGHT),
        ],
        limits=[Reference(0, "no effect")],
        x_label=f"change of {metric}, with 95 % intervals",
        y_names=[name for name, _, _ in rows],
        height=0.9 + 0.3 * len(rows),
        y_range=(-0.6, len(rows) - 0.4),
    )


def curves(found: LearningCurves) -> Chart:
    """Median and quartiles of trials that went equally far, and the best trials' own curves."""
    marks, bands = [], []
    for group, colour in zip(found.groups, _GROUPS, strict=False):
        went = "to the end" if group.epochs is None else f"to epoch {group.epochs:g}"
        label = f"{went}, {counted(group.trials, 'trial')}"
        bands.append(Band(group.steps, group.low, group.high, colour, stepped=False))
        marks.append(Marks("line", group.steps, group.median, colour, label))
    for number, points in found.best.items():
        x, y = zip(*points, strict=True)
        marks.append(Marks("dashes", x, y, GOOD, f"trial {number}"))
    return Chart(
        title=f"{found.metric} by epoch",
        marks=marks,
        bands=bands,
        x_label="epoch",
        y_label=found.metric,
        legend=True,
    )
