"""The report's figures as SVG that takes its ink from the page around it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from archdsl.amounts import written
from archdsl.study.hypervolume import Hypervolume
from archdsl.study.report.findings import Look
from archdsl.study.report.read import Record
from archdsl.study.trial import Trial

_INK = "#010203"
"""Stands for the page's own text colour, which matplotlib cannot name."""

COLOURS = {
    "default": "#d9822b", "random": "#8a8f98", "grid": "#8a8f98", "tpe": "#3b7dd8",
    "evolution": "#3b7dd8", "gp": "#3b7dd8", "optuna": "#3b7dd8",
}  # fmt: skip
_WINNER = "#2f9e57"
_FAILED = "#d64545"

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # text stays text: it scales, it can be searched, it is small
    "svg.hashsalt": "archdsl",  # the same record gives the same bytes
    "font.family": "sans-serif",
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    **dict.fromkeys(
        ("text.color", "axes.labelcolor", "axes.edgecolor", "xtick.color", "ytick.color",
         "legend.labelcolor"),
        _INK,
    ),
}  # fmt: skip


def best_so_far(record: Record) -> str:
    """Every trial in the order of the search, and the best up to then."""
    figure, axes = _figure()
    _dots(axes, record, lambda trial: float(trial.number))
    done = record.complete
    maximised = next(o.direction for o in record.objectives if o.name == record.judged_by)
    better = max if maximised == "maximize" else min
    best = list(accumulate((record.value(trial) for trial in done), better))
    axes.step([t.number for t in done], best, where="post", color=_WINNER, label="best so far")
    _mark_failures(axes, record)
    axes.set_xlabel("trial")
    axes.set_ylabel(record.judged_by)
    return _svg(figure, axes, f"{record.judged_by} of each trial, and the best so far")


def against_cost(record: Record, cost: str) -> str:
    """Every trial by what it costs, with the budget."""
    figure, axes = _figure()
    _dots(axes, record, lambda trial: float(trial.costs[cost]))
    if len(record.objectives) == 2:
        ordered = sorted(record.front, key=lambda trial: trial.costs[cost])
        axes.plot(
            [t.costs[cost] for t in ordered], [record.value(t) for t in ordered],
            color=_WINNER, linewidth=1, label="front",
        )  # fmt: skip
    for bound in record.budget.get(cost, ()):
        if bound:
            axes.axvline(bound, color=_FAILED, linestyle="--", linewidth=1)
            axes.annotate(
                f"budget {written(cost, bound)}", (bound, 0.02), xycoords=("data", "axes fraction"),
                rotation=90, ha="right", va="bottom", fontsize=9,
            )  # fmt: skip
    axes.xaxis.set_major_formatter(lambda value, _: written(cost, round(value)))
    axes.set_xlabel(cost)
    axes.set_ylabel(record.judged_by)
    return _svg(figure, axes, f"{record.judged_by} of each trial by {cost}")


def hypervolume(found: Hypervolume) -> str:
    """How much the front dominates, trial by trial."""
    figure, axes = _figure(height=2.6)
    numbers, values = zip(*found.curve, strict=True)
    axes.step(numbers, values, where="post", color=_WINNER)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("trial")
    axes.set_ylabel("hypervolume")
    return _svg(figure, None, "hypervolume of the front after each trial")


def test_looks(seen: list[Look]) -> str:
    """Accuracy on the test split with its interval."""
    figure, axes = _figure(height=0.7 + 0.5 * len(seen))
    for row, look in enumerate(reversed(seen)):
        colour = _WINNER if look.who == "the winner" else COLOURS["default"]
        assert look.interval is not None, "what has none is not drawn"
        axes.plot(look.interval, (row, row), color=colour, linewidth=2)
        axes.plot((look.metrics["accuracy"],), (row,), "o", color=colour)
    axes.set_yticks(range(len(seen)), [f"trial {look.trial}" for look in reversed(seen)])
    axes.set_ylim(-0.6, len(seen) - 0.4)
    axes.set_xlabel("accuracy on the test split, with 95 % intervals")
    return _svg(figure, None, "accuracy on the test split")


def _figure(height: float = 3.4) -> tuple[Figure, Axes]:
    with matplotlib.rc_context(_STYLE):
        figure = Figure(figsize=(7, height), layout="constrained")
        return figure, figure.add_subplot()


def _dots(axes: Axes, record: Record, x: Callable[[Trial], float]) -> None:
    for origin, colour in COLOURS.items():
        trials = [trial for trial in record.complete if trial.origin == origin]
        if trials:
            axes.scatter(
                [x(t) for t in trials], [record.value(t) for t in trials],
                s=26, color=colour, label="first" if origin == "default" else origin, zorder=3,
            )  # fmt: skip
    if record.best is not None:
        best = record.best
        axes.scatter(
            (x(best),), (record.value(best),), s=120, facecolors="none", edgecolors=_WINNER,
            linewidths=2, label="winner", zorder=4,
        )  # fmt: skip


def _mark_failures(axes: Axes, record: Record) -> None:
    failed: list[Trial] = record.failed
    if failed:
        axes.scatter(
            [t.number for t in failed], [0.02] * len(failed), marker="x", color=_FAILED,
            label="failed", transform=axes.get_xaxis_transform(),
        )  # fmt: skip


def _svg(figure: Figure, axes: Axes | None, title: str) -> str:
    buffer = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        if axes is not None:
            figure.legend(loc="outside upper left", ncols=6, frameon=False, fontsize=9)
        figure.savefig(
            buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None}
        )
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :].replace(_INK, "currentColor")
    # the size is the page's affair: the drawing fills the width that it is given
    svg = re.sub(r' (?:width|height)="[\d.]+pt"', "", svg, count=2)
    return svg.replace("<svg", f'<svg role="img" aria-label="{title}"', 1)
