"""A proxy check as text, on eighty columns."""

from __future__ import annotations

from collections.abc import Iterator
from textwrap import wrap

from archdsl.study.intervals import Interval
from archdsl.study.proxy.agreement import Agreement, best_quarter
from archdsl.study.proxy.figures import FigureRow, Figures, truth_of
from archdsl.study.proxy.recommended import Recommended, bounds
from archdsl.study.proxy.spread import Spreads
from archdsl.units import counted, figure
from archdsl.views.text import columns

MOST_EPOCHS = 8
"""Rows of epochs; all are in the JSON."""

_WIDTH = 80


def lines(found: Figures, advice: Recommended) -> list[str]:
    """All that was found, and what it recommends."""
    return [
        *wrap(_what(found), _WIDTH), "",
        f"standard deviations of {found.measured.metric}:",
        *columns(list(_spreads(found))), "",
        *columns(list(_taus(found))), "",
        *advice.yaml().splitlines(),
    ]  # fmt: skip


def _what(found: Figures) -> str:
    measured = found.measured
    said = f"{counted(measured.architectures, 'architecture')}, "
    said += f"{counted(measured.seeds, 'seed')} each"
    if measured.epochs is None:
        return f"{said}, judged twice by an evaluate"
    proxy, final = measured.epochs
    said += f": {counted(proxy, 'epoch')} under the proxy, {final} under the final schedule"
    if measured.same_schedule:
        said += ".  The two are the same, so that tau says what other seeds do, and no more"
    return said


def _spreads(found: Figures) -> Iterator[tuple[str, ...]]:
    yield "", "between architectures", "between seeds", "ratio"
    for name, one in (("proxy", found.short), ("final", found.long)):
        yield (name, *_spread(one))


def _spread(one: Spreads) -> tuple[str, ...]:
    if one.architectures is None or one.seeds is None:
        return f"{figure(one.all)} with seeds", "one seed: not known", "-"
    cells = (
        _with(figure(one.architectures), one.architectures_interval),
        _with(figure(one.seeds), one.seeds_interval),
    )
    if one.ratio is None or one.ratio_interval is None:
        return (*cells, "-")
    low, high = one.ratio_interval
    end = "or more" if high is None else f"to {high:.1f}"
    return (*cells, f"{one.ratio:.1f} ({low:.1f} {end})")


def _with(value: str, interval: Interval | None) -> str:
    if interval is None:
        return value
    return f"{value} ({figure(interval[0])} to {figure(interval[1])})"


def _taus(found: Figures) -> Iterator[tuple[str, ...]]:
    quarter = len(best_quarter(truth_of(found.measured)))
    yield "Kendall's tau with the final", "of all", f"of the best {quarter}"
    epochs = [row for row in found.rows if row.kind == "epoch"]
    shown = {id(row) for row in _some(epochs)}
    for row in found.rows:
        if row.kind != "epoch" or id(row) in shown:
            yield _name(row), _agreement(row.everyone), _agreement(row.best)


def _some(rows: list[FigureRow]) -> list[FigureRow]:
    """At most so many, spread over all of them, the last among them."""
    every = -(-len(rows) // MOST_EPOCHS) or 1
    return rows[::-1][::every][::-1]


def _name(row: FigureRow) -> str:
    name = row.name
    if row.kind == "proxy":
        name = "proxy, one seed"
    if row.kind == "random":
        name = "at random"
    if row.left_out:
        name += f" ({row.left_out} not finite)"
    return name


def _agreement(one: Agreement) -> str:
    if one.tau is None:
        return "undefined"
    return f"{one.tau:5.2f}" if one.interval is None else f"{one.tau:5.2f} ({bounds(one.interval)})"
