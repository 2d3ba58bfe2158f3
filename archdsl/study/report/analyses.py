"""What the page shows of decisions and of learning curves: figures in numbers and as drawings."""

from __future__ import annotations

from typing import Any

from archdsl.study.report import answer_charts, findings
from archdsl.study.report.answers import answers_of
from archdsl.study.report.curves import learning_curves
from archdsl.study.report.effects import LEAST as LEAST_OF_EFFECTS
from archdsl.study.report.effects import AnswerEffect, Effects, effects
from archdsl.study.report.mattered import LEAST as LEAST_OF_IMPORTANCE
from archdsl.study.report.mattered import RESAMPLES, mattered
from archdsl.study.report.read import Record
from archdsl.units import percent
from archdsl.views import svg


def analysed(record: Record) -> dict[str, Any]:
    """By the names that the sections of the page know them by."""
    answers = answers_of(record.complete)
    importance, surrogate = mattered(record, answers), effects(record, answers)
    curves = learning_curves(record)
    largest = None if surrogate is None else answer_charts.largest(surrogate)
    charts = {
        **({"importances": answer_charts.importances(importance)}
           if importance.importances else {}),
        **({"effects": answer_charts.effects(largest, record.judged_by)}
           if largest is not None and largest.by_decision else {}),
        **({"curves": answer_charts.curves(curves)} if curves is not None else {}),
    }  # fmt: skip
    return {
        "decisions": findings.by_decision(record, answers),
        "mattered": importance,
        "effects": surrogate,
        "effect_of": {} if surrogate is None else _by_answer(surrogate),
        "learning_curves": curves,
        "least_of_importance": LEAST_OF_IMPORTANCE,
        "least_of_effects": LEAST_OF_EFFECTS,
        "resamples": RESAMPLES,
        "percent": percent,
        "signed": _signed,
        "analysis_figures": {name: svg.drawn(chart) for name, chart in charts.items()},
    }


def _by_answer(found: Effects) -> dict[str, dict[str, AnswerEffect]]:
    return {
        address: {one.answer: one for one in answers}
        for address, answers in found.by_decision.items()
    }


def _signed(change: float) -> str:
    """A difference to three figures, with its sign."""
    return f"{change:+.3g}"
