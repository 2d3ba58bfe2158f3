"""What came of a measurement, as values for programs and as text for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.benchmarking import table
from archdsl.benchmarking.row import TimedSubject
from archdsl.printable import printable_line
from archdsl.units import counted

FORMAT = 1
"""Of what `record` gives. A key that is there stays, and means the same, as long as this does."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """What `archdsl.bench` measured. `print` shows the table.

    rows: by batch, and within a batch in the order in which they were asked for
    settings: mode, device, threads, rounds, seconds; machine: where it ran, and with what versions
    notes: what is to be known beside the figures, one line each
    """

    rows: tuple[TimedSubject, ...]
    settings: Mapping[str, Any]
    machine: Mapping[str, str]
    notes: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """All of it as values that JSON can hold; null where something is not known."""
        return {
            "format": FORMAT,
            "settings": dict(self.settings),
            "machine": dict(self.machine),
            "notes": list(self.notes),
            "rows": [row.record() for row in self.rows],
        }

    def csv(self) -> str:
        """The rows as comma-separated values, a heading first, all digits."""
        return table.csv(self.rows)

    def __str__(self) -> str:
        of = self.settings
        specs = dict.fromkeys(row.spec for row in self.rows)
        only = f"{next(iter(specs))}, " if len(specs) == 1 else ""
        how = (
            f"{only}{of['mode']}, {self.machine['device']}, {counted(of['threads'], 'thread')}, "
            f"{counted(of['rounds'], 'round')}, torch {self.machine['torch']}"
        )
        return "\n".join(table.lines(self.rows, how, self.notes))

    def __repr__(self) -> str:
        said = "; ".join(
            f"{row.spec} {row.variant} ×{row.batch}: {row.images_per_second:.3g} images/s"
            for row in self.rows
        )
        return printable_line(f"<Benchmark {said}>")
