"""The page: the findings and the figures in one HTML file that needs nothing else."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from archdsl.amounts import bounded, written
from archdsl.memory import uncollected
from archdsl.study.record import files
from archdsl.study.report import again, charts, findings
from archdsl.study.report import packed as packing
from archdsl.study.report.analyses import analysed
from archdsl.study.report.architecture import architecture
from archdsl.study.report.read import Record, read
from archdsl.study.report.trainings import trainings
from archdsl.views import html, svg
from archdsl.views.scripts import packed, plotting_library, script

REPORT = "report.html"

_TEMPLATE = "report.html.jinja"

SCRIPTS = (
    "record", "page", "elements", "shapes", "axes", "keys", "plot", "against", "course", "curves",
    "parallel", "filter", "table", "trial", "start",
)  # fmt: skip
"""The page's own, `scripts/record.js` first: a later one may use what an earlier one names."""

TOLD_IN_FULL = 50
"""Failures whose trace and spec stand in the page itself."""

MOST_ANSWERS = 400_000
"""Of all trials in the plain table: a page with more would be too large to be opened quickly."""


def write_report(folder: Path, record: Record | None = None) -> Path:
    """Write `report.html` into a run directory from what lies there. Raises SearchError.

    record: what lies there, where that was read already
    """
    path = folder / REPORT
    files.write_text(path, page(record or read(folder)))
    return path


@uncollected()
def page(record: Record) -> str:
    """The report of a record as HTML."""
    ours = script(__package__, *(f"scripts/{name}.js" for name in SCRIPTS))
    running = (plotting_library(), ours)
    return html.page(__package__, _TEMPLATE, _shown(record), running, cost=_cost, bound=_bound)


def _shown(record: Record) -> dict[str, Any]:
    best, first = record.best, next(iter(record.trials), None)
    found = analysed(record)
    return {
        "record": record,
        "best": best,
        "first": first,
        "first_words": findings.first_words(record),
        "verdict": findings.verdict(record),
        "unfinished": findings.unfinished(record),
        "share_words": findings.share_words(record),
        "random_words": findings.random_words(record),
        "verdicts": record.verdicts,
        "by_class": _by_class(record),
        "looks": (looks := findings.looks(record)),
        "later": findings.later_looks(record),
        "held_out": list(dict.fromkeys(name for look in looks for name in look.metrics)),
        "sides": findings.side_by_side(best, first) if best and first else [],
        **found,
        "validation": {
            trial.number: findings.validation_interval(record, trial)
            for trial in (best, first)
            if trial is not None and trial.state == "complete"
        },
        "metrics": list(dict.fromkeys(name for t in record.complete for name in t.metrics)),
        "hypervolume": record.hypervolume,
        "costs": [name for name in bounded() if name in record.survey.default],
        "architecture": architecture(record),
        "figures": (figures := _drawn(record)),
        "against": [figures[f"against_{cost}"] for cost in charts.drawn_costs(record) if figures],
        **_packed(record, found),
        "answers_fit": sum(len(t.decisions) for t in record.trials) <= MOST_ANSWERS,
        "told_in_full": TOLD_IN_FULL,
        "preprocessing": record.preprocessing,
        "again": again.commands(record),
        "workers": again.workers(record),
        "trainings": trainings(record.folder),
    }


def _by_class(record: Record) -> dict[str, Any] | None:
    """The classes of uneven data by name, with what the networks of the final round came to."""
    found = record.by_class
    if found is None or not found.uneven:
        return None
    names = record.preprocessing.class_names if record.preprocessing else ()
    named = [names[c] if c < len(names) else f"class {c}" for c in range(len(found.images))]
    columns = zip(*found.shares.values(), strict=True)
    return {"who": list(found.shares), "rows": list(zip(named, found.images, columns, strict=True))}


def _packed(record: Record, found: dict[str, Any]) -> dict[str, Any]:
    """What the scripts read, and what the page has to know of it. found: by the analyses"""
    data = packing.packed(record, [one.address for one in found["mattered"].importances])
    return {
        "packed": packed(data),
        "texts": packed(packing.texts(record)),
        "curves": data["curves"],
    }


def _drawn(record: Record) -> dict[str, Any]:
    if not record.complete:
        return {}
    seen = [look for look in findings.looks(record) if look.interval is not None]
    covered = record.hypervolume
    final = record.verdict
    found = {
        "best_so_far": charts.best_so_far(record),
        **{
            f"against_{cost}": charts.against_cost(record, cost)
            for cost in charts.drawn_costs(record)
        },
        **({"test": charts.test_looks(seen)} if seen else {}),
        **({"final": charts.final_round(final)} if final else {}),
        **({"hypervolume": charts.hypervolume(covered)} if covered else {}),
    }
    return {name: svg.drawn(chart) for name, chart in found.items()}


@functools.lru_cache(maxsize=1 << 14)  # many trials cost the same in something
def _cost(number: int, name: str) -> str:
    return written(name, number)


def _bound(bound: tuple[int, int], name: str) -> str:
    low, high = (written(name, end) for end in bound)
    return f"{low} to {high}" if bound[0] else f"at most {high}"
