"""train.html: what a training came to, on one page that needs nothing else."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import quote

from archdsl.amounts import written
from archdsl.full_training import charts
from archdsl.full_training.folder import SPEC
from archdsl.full_training.record import TrainRecord
from archdsl.study.record import files
from archdsl.study.report.trainings import PAGE
from archdsl.study.winner import WEIGHTS
from archdsl.training.recipe import Recipe
from archdsl.units import counted, duration
from archdsl.views import html, svg

_TEMPLATE = "train.html.jinja"


def write_page(folder: Path, record: TrainRecord) -> Path:
    """Write the page of a training from its record. Raises SearchError."""
    path = folder / PAGE
    files.write_text(path, page(folder, record))
    return path


def page(folder: Path, record: TrainRecord) -> str:
    """The page as HTML. folder: where what it speaks of is looked for"""
    return html.page(__package__, _TEMPLATE, _shown(folder, record), cost=_cost)


def _shown(folder: Path, record: TrainRecord) -> dict[str, Any]:
    drawn = {"judged": charts.judged(record), "losses": charts.losses(record)}
    best = record.best
    return {
        "record": record,
        "lead": lead(record),
        "stands": None if record.stand == "done" else stands(record),
        "best": None if best is None else (best + 1, record.epochs[best]),
        "last": record.epochs[-1] if record.epochs else None,
        "metrics": list(dict.fromkeys(n for one in record.epochs for n in one.metrics)),
        "figures": {n: svg.drawn(chart) for n, chart in drawn.items() if chart is not None},
        "recipe": _recipe(record),
        "said": record.said,
        "trained": duration(sum(one.seconds for one in record.epochs)),
        "speed": _speed(record),
        "waited": _waited(record),
        "has_weights": (folder / WEIGHTS).is_file(),
        "spec_file": SPEC,
        "weights_file": WEIGHTS,
        "search_page": _search_page(folder, record),
        "again": _again(record),
    }


def lead(record: TrainRecord) -> str:
    """What it came to, in a sentence."""
    best = record.best
    if best is None:
        return f"{record.name} has no epoch behind it."
    name = record.judged_by
    value = f"{record.epochs[best].metrics[name]:.4g}"
    where = "" if name == "train_loss" else " on validation images"
    return (
        f"{record.name} came to {name} {value}{where}, in epoch {best + 1} of "
        f"{counted(len(record.epochs), 'epoch')}."
    )


def stands(record: TrainRecord) -> str:
    """What became of a training that is not done."""
    far = f"{len(record.epochs)} of {counted(record.total, 'epoch')}"
    words = {
        "running": f"It runs, or was killed: {far} on record.",
        "stopped": f"It was stopped with {far}, and goes on with --resume.",
        "failed": f"It was broken off with {far}: {record.cause}",
    }
    return words[record.stand]


def _recipe(record: TrainRecord) -> list[tuple[str, str]]:
    """What of the recipe is not as it always is, and its length."""
    usual = Recipe().record()
    always = ("epochs", "batch", "lr")
    return [
        (name, "none" if value is None else str(value))
        for name, value in record.recipe.items()
        if name in always or value != usual.get(name)
    ]


def _speed(record: TrainRecord) -> str | None:
    known = [one.speed for one in record.epochs if one.speed is not None]
    return f"{sorted(known)[len(known) // 2]:,.0f}" if known else None


def _waited(record: TrainRecord) -> float | None:
    known = [one.waited for one in record.epochs if one.waited is not None]
    return sorted(known)[len(known) // 2] if known else None


def _search_page(folder: Path, record: TrainRecord) -> str | None:
    """The address of the page of the search that it comes from, if that is still there."""
    if record.run is None:
        return None
    path = f"{record.run['folder']}/report.html"
    return quote(os.fsencode(path)) if (folder / path).is_file() else None


def _again(record: TrainRecord) -> str:
    """What is typed in the folder to go on with what it made."""
    return (
        f"archdsl show {SPEC}\n"
        f"archdsl export {SPEC} --to onnx --weights {WEIGHTS} -o {shlex.quote(record.name)}.onnx\n"
        f'\nimport archdsl\nmodel = archdsl.build("./{SPEC}", weights="{WEIGHTS}")'
    )


def _cost(number: int, name: str) -> str:
    return written(name, number)
