"""A record as the page's scripts read it: a list a property, with an entry a trial."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

from archdsl.amounts import bounded
from archdsl.printable import printable, printable_line
from archdsl.study.report import charts, findings
from archdsl.study.report.answers import answers_of
from archdsl.study.report.read import Record
from archdsl.study.trial import Trial

MOST_POINTS = 100_000
"""Of all learning curves together; of longer ones every so many epochs are left out."""

_DIGITS = 6  # of a figure: two more than are shown


def packed(record: Record, important: Sequence[str] = ()) -> dict[str, Any]:
    """What is shown of a record, as plain values that JSON can hold.

    important: addresses of decisions, the one that mattered most first

    Texts are printable, but nothing in them is escaped: it is for the scripts to take none of
    them for markup.
    """
    trials = record.trials
    metrics = list(dict.fromkeys(name for t in record.complete for name in t.metrics))
    drawn = charts.drawn_costs(record)
    costs = dict.fromkeys([*(name for name in bounded() if name in record.survey.default), *drawn])
    return {
        "judged_by": printable_line(record.judged_by),
        "better": "larger" if record.better is max else "smaller",
        "drawn": [printable_line(name) for name in drawn],
        "budget": [(printable_line(name), list(bound)) for name, bound in record.budget.items()],
        "best": None if record.best is None else record.best.number,
        "front": [t.number for t in record.front] if len(record.objectives) == 2 else [],
        "number": [t.number for t in trials],
        "origin": [printable_line(charts.origin_words(t)) for t in trials],
        "state": [t.state for t in trials],
        "began_with": {t.number: t.began_with for t in trials if t.began_with},
        "value": [_figure(record.value(t)) if t.state == "complete" else None for t in trials],
        "seconds": [round(t.seconds, 1) for t in trials],
        "metrics": [
            {"name": printable_line(name), "of": [_figure(t.metrics.get(name)) for t in trials]}
            for name in metrics
        ],
        "costs": [
            {"name": printable_line(name), "of": [t.costs.get(name) for t in trials]}
            for name in costs
        ],
        "decisions": _decisions(record),
        "important": [printable_line(address) for address in important],
        "failures": {
            t.number: {"cause": printable(t.cause or ""), "trace": printable(t.trace or "")}
            for t in record.failed
        },
        "course": _course(record),
        "curves": _curves(record),
    }


def texts(record: Record) -> dict[str, Any]:
    """Each trial's spec by the lines that it has: they are few among all of them.

    lines: the distinct ones; of: trial -> the places of its lines; joined by line feeds they are
    the recorded text, character for character.
    """
    places: dict[str, int] = {}
    found = {
        t.number: [places.setdefault(line, len(places)) for line in t.text.split("\n")]
        for t in record.trials
    }
    return {"lines": list(places), "of": found}


def _decisions(record: Record) -> list[dict[str, Any]]:
    """Every decision with its answers, and the place among them of each trial's; -1 for none."""
    found = answers_of(record.trials)
    return [
        {
            "address": printable_line(address),
            "answers": [printable_line(answer) for answer in answers],
            "of": codes,
        }
        for address, answers, codes in zip(
            found.addresses, found.answers, found.codes.T.tolist(), strict=True
        )
    ]


def _course(record: Record) -> dict[str, Any]:
    """The best up to each trial that did not fail, with its interval where one is known."""
    best = charts.so_far(record)
    known: dict[int, Any] = {}
    for trial in best:
        if trial.number not in known:
            known[trial.number] = findings.validation_interval(record, trial) or (None, None)
    return {
        "number": [trial.number for trial in record.complete],
        "best": [_figure(record.value(trial)) for trial in best],
        "low": [_figure(known[trial.number][0]) for trial in best],
        "high": [_figure(known[trial.number][1]) for trial in best],
    }


def _curves(record: Record) -> dict[str, Any]:
    """What each trial reported after its epochs, of a metric that is reported more than once.

    That is the one that trials are judged by, or else the one that most of them have a curve of:
    a search may judge a network when it is trained, and not before.
    """
    counts = Counter(name for t in record.trials for name, many in _reports(t).items() if many > 1)
    counts.pop("step", None)
    if not counts:
        return {"name": "", "note": "", "of": {}}
    name = record.judged_by if record.judged_by in counts else counts.most_common(1)[0][0]
    reported = {
        t.number: [(e["step"], e[name]) for e in t.epochs if name in e] for t in record.trials
    }
    step = math.ceil(sum(map(len, reported.values())) / MOST_POINTS) or 1
    return {
        "name": printable_line(name),
        "note": f"Of every {step} epochs one is drawn, and the last." if step > 1 else "",
        "of": {
            number: [
                (_figure(at), _figure(value))
                for place, (at, value) in enumerate(points, 1)
                if place % step == 0 or place == len(points)
            ]
            for number, points in reported.items()
            if len(points) > 1
        },
    }


def _reports(trial: Trial) -> Counter[str]:
    """How often a trial said something of a metric."""
    return Counter(name for epoch in trial.epochs for name in epoch)


def _figure(value: float | None) -> float | str | None:
    """A number as JSON holds it; what is not finite is a word."""
    if value is None or not math.isfinite(value):
        return None if value is None else str(value)
    return float(f"{value:.{_DIGITS}g}")
