"""A row of a benchmark."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

from archdsl.benchmarking.latency import Latency
from archdsl.benchmarking.ratio import PairedRatio


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

    @property
    def variant(self) -> str:
        """Its form in words: `built`, `code compiled`."""
        return f"{self.form} compiled" if self.compiled else self.form

    def record(self) -> dict[str, Any]:
        """All of it as values that JSON can hold; null where something is not known."""
        return {
            **dataclasses.asdict(self),
            "input": list(self.input),
            "seconds": list(self.seconds),
            "finding": None if self.ratio is None else self.ratio.finding,
        }
