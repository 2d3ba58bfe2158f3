"""Trials as a table of pandas, which is asked for only here and may be missing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.study.trial import Trial

if TYPE_CHECKING:
    import pandas

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
    columns = {name: [getattr(trial, name) for trial in trials] for name in _OWN}
    columns |= _columns([trial.costs for trial in trials])
    decisions = _columns([trial.decisions for trial in trials])
    for name, values in _columns([trial.metrics for trial in trials]).items():
        taken = name in columns or name in decisions
        columns[f"metric.{name}" if taken else name] = values
    made = {
        # an answer stays what it is: pandas would make 3 and nothing 3.0 and NaN
        name: pandas.Series(values, dtype=object if None in values else None)
        for name, values in (columns | decisions).items()
    }
    table = pandas.DataFrame(made)
    table.index = pandas.Index([trial.number for trial in trials], name="trial")
    return table


def _columns(rows: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """What stands under each name, row by row; None where a row has nothing there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}
