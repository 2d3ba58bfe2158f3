"""Trials as a table of pandas, which is asked for only here and may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.errors import SearchError
from archdsl.study.trial import Trial

if TYPE_CHECKING:
    import pandas

Columns: TypeAlias = dict[str, list[Any]]

_OWN = ("state", "origin", "seconds", "cause")


def frame(trials: Sequence[Trial]) -> pandas.DataFrame:
    """A row for each trial, by number. Raises SearchError where there is no pandas."""
    try:
        import pandas
    except ImportError as error:
        why = "is not installed" if error.name == "pandas" else f"cannot be imported: {error}"
        raise SearchError(
            f"to_pandas needs pandas, which {why}.  pip install pandas, or take the trials as "
            "plain values:  [trial.record() for trial in result.trials]"
        ) from None
    made = {
        # an answer stays what it is: pandas would make 3 and nothing 3.0 and NaN
        name: pandas.Series(values, dtype=object if None in values else None)
        for name, values in columns(trials).items()
    }
    table = pandas.DataFrame(made)
    table.index = pandas.Index([trial.number for trial in trials], name="trial")
    return table


def columns(trials: Sequence[Trial]) -> Columns:
    """What is told of trials, a list for each name: of each trial, or None.

    A metric may be called anything, also as a cost or an answer is: it is `metric.macs` then.
    """
    own = {name: [getattr(trial, name) for trial in trials] for name in _OWN}
    costs = _joined(own, "cost", _by_name([trial.costs for trial in trials]))
    answers = _joined(costs, "answer", _by_name([trial.decisions for trial in trials]))
    found = _joined(answers, "metric", _by_name([trial.metrics for trial in trials]))
    metrics = {name: values for name, values in found.items() if name not in answers}
    return costs | metrics | answers


def _joined(columns: Columns, kind: str, more: Columns) -> Columns:
    """Columns and more of one kind, which is said before a name that is taken."""
    found, taken = dict(columns), {*columns, *more}
    for name, values in more.items():
        called = name
        if name in columns:
            while called in taken:
                called = f"{kind}.{called}"
            taken.add(called)
        found[called] = values
    return found


def _by_name(rows: Sequence[dict[str, Any]]) -> Columns:
    """What stands under each name, row by row; None where a row has nothing there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
