"""A benchmark as text, and as comma-separated values."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Sequence

from archdsl import memory
from archdsl.benchmarking.ratio import LEVEL, PairedRatio
from archdsl.benchmarking.row import TimedSubject
from archdsl.units import amount
from archdsl.views.cells import cell
from archdsl.views.fitted import fitted, width, wrapped

_HEADINGS = ("", "images/s", "p50", "p90", "p99 ms", "memory", "MACs", "params")


def lines(rows: Sequence[TimedSubject], how: str, notes: Sequence[str]) -> list[str]:
    """The rows of each batch, how they compare with its first, and the notes.

    how: they were timed
    """
    said: list[str] = []
    for batch, its in itertools.groupby(rows, key=lambda row: row.batch):
        own = list(its)
        said += [*wrapped(f"batch {batch:,}, {how}", width(), hanging=_IN), ""]
        names = _names(own)
        table = [_HEADINGS, *map(_cells, names, own)]
        said += fitted(table, width(), right=range(1, len(_HEADINGS)), heading=True)
        if len(own) > 1:
            said += ["", *_compared(names, own)]
        said.append("")
    for note in notes:
        said += wrapped(note, width(), hanging=_IN)
    return said if notes else said[:-1]


def _names(rows: Sequence[TimedSubject]) -> list[str]:
    """What the rows are called: by spec and form, as far as they differ."""
    if len({row.variant for row in rows}) == 1:
        return [row.spec for row in rows]
    if len({row.spec for row in rows}) == 1:
        return [row.variant for row in rows]
    return [f"{row.spec} {row.variant}" for row in rows]


def _cells(name: str, row: TimedSubject) -> tuple[str, ...]:
    times = (row.latency.p50, row.latency.p90, row.latency.p99)
    return (
        name,
        _three(row.images_per_second),
        *("-" if each is None else _three(each * 1000) for each in times),
        "-" if row.memory is None else memory.written(row.memory),
        *("-" if each is None else amount(each) for each in (row.macs, row.params)),
    )


def _compared(names: Sequence[str], rows: Sequence[TimedSubject]) -> Iterator[str]:
    said = f"times as fast as {names[0]} ({LEVEL:.1%} intervals):"
    yield from wrapped(said, width(), hanging=_IN)
    pairs = zip(names, rows, strict=True)
    table = [(name, *_ratio(row.ratio)) for name, row in pairs if row.ratio is not None]
    yield from (f"  {line}" for line in fitted(table, width() - 2))


def _ratio(ratio: PairedRatio) -> tuple[str, str]:
    if ratio.low is None or ratio.high is None:
        return f"{ratio.median:.2f}", ratio.finding
    # Three digits where two would show a bound that excludes 1 as 1.00.
    digits = 3 if any(0.99 < end < 1.01 for end in (ratio.low, ratio.high)) else 2
    ends = f"({ratio.low:.{digits}f} to {ratio.high:.{digits}f})"
    return f"{ratio.median:.{digits}f} {ends}", ratio.finding


def _three(value: float) -> str:
    """Three significant digits, or all before the point."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def csv(timed: Sequence[TimedSubject]) -> str:
    """A heading and the rows. Seconds, bytes, and images per second, with all digits."""
    from csv import writer

    text = io.StringIO()
    rows = writer(text, lineterminator="\n")
    rows.writerow(
        ["spec", "form", "compiled", "batch", "images_per_second", "p50", "p90", "p99", "memory",
         "macs", "params", "ratio", "low", "high", "finding"]
    )  # fmt: skip
    for row in timed:
        ratio, of = row.ratio, row.latency
        compared = [] if ratio is None else [ratio.median, ratio.low, ratio.high, ratio.finding]
        rows.writerow(
            [cell(row.spec), row.form, row.compiled, row.batch, row.images_per_second, of.p50,
             of.p90, of.p99, row.memory, row.macs, row.params, *(compared or [None] * 4)]
        )  # fmt: skip
    return text.getvalue()


_IN = 4
