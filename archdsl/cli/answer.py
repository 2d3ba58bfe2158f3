"""What a verb leaves behind: the same facts for programs and for people, and an exit code."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

DONE, FAULT, MENDABLE, INTERRUPTED, GONE = 0, 1, 2, 130, 141


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of a verb.

    data: what `--json` prints; text: what a person reads; code: the exit code
    """

    data: dict[str, Any]
    text: str
    code: int = DONE


def columns(rows: Sequence[Sequence[str]], right: Sequence[int] = (), gap: int = 2) -> list[str]:
    """Rows as aligned lines, never cut: a terminal wraps them and `grep` finds whole addresses.

    right: the columns that are flush right. Every row has as many cells as the first.
    """
    if not rows:
        return []
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]))]
    return [
        (" " * gap)
        .join(
            cell.rjust(width) if index in right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        .rstrip()
        for row in rows
    ]


@contextmanager
def busy(what: str) -> Iterator[Callable[[str], None]]:
    """Say on a terminal what is being done, for as long as it is being done.

    Yields a function that says what is being done now.
    """
    import sys

    if not sys.stderr.isatty():
        yield lambda what: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    shown = (SpinnerColumn(), TextColumn("{task.description}", markup=False), TimeElapsedColumn())
    with Progress(*shown, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda what: progress.update(task, description=what)
