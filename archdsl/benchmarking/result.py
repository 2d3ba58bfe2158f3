"""What came of a measurement, as values for programs and as text for people."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from archdsl.benchmarking.latency import Latency
from archdsl.benchmarking.ratio import PairedRatio
from archdsl.printable import printable_line

FORMAT = 1
"""Of what `record` gives. A key that is there stays, and means the same, as long as this does."""


@dataclass(frozen=True, slots=True)
class TimedSubject:
    """A row: a network in a form, with so many images at once.

    spec: as it was named; name: the spec's own
    input: (C, H, W) of an image; macs, params: of the deployed form, None where not counted
    seconds: of the median pass of its turn, in each round; images_per_second: by their median
    passes: how many were timed; memory: the most bytes of a pass, None where nothing says it
    ratio: how many times as fast it is as the first of its batch, None for that one
    """

    spec: str
    name: str
    label: str
    form: str
    compiled: bool
    batch: int
    input: tuple[int, int, int]
    macs: int | None
    params: int | None
    images_per_second: float
    seconds: tuple[float, ...]
    passes: int
    latency: Latency
    memory: int | None
    ratio: PairedRatio | None


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
            "rows": [_plain(row) for row in self.rows],
        }

    def csv(self) -> str:
        """The rows as comma-separated values, a heading first, all digits."""
        from archdsl.benchmarking.table import csv

        return csv(self)

    def __str__(self) -> str:
        from archdsl.benchmarking.table import lines

        return "\n".join(lines(self))

    def __repr__(self) -> str:
        said = "; ".join(
            f"{row.label} ×{row.batch}: {row.images_per_second:.3g} images/s" for row in self.rows
        )
        return printable_line(f"<Benchmark {said}>")


def _plain(row: TimedSubject) -> dict[str, Any]:
    found = dataclasses.asdict(row)
    del found["label"]
    ratio = row.ratio
    return {
        **found,
        "input": list(row.input),
        "seconds": list(row.seconds),
        "finding": None if ratio is None else ratio.finding,
    }
