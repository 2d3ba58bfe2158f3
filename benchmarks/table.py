"""Reads the tabular benchmark: every member of a space with all that its trainings came to.

from benchmarks.table import Table

table = Table.load()
table.mean({"params.width": 12, ...})   # a lookup where a search would train
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from statistics import fmean, variance
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from archdsl import Space

HERE = Path(__file__).resolve().parent

Curves: TypeAlias = tuple[tuple[float, ...], ...]
"""A number per epoch for each seed: (S, epochs)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One member: its answers by address, its exact cost, and what each seed came to.

    macs, params: as `archdsl.count` has them
    accuracy, loss: of the validation images, after every epoch
    seconds: of CPU time, all seeds together
    """

    decisions: dict[str, Any]
    macs: int
    params: int
    seconds: float
    accuracy: Curves
    loss: Curves

    @property
    def finals(self) -> tuple[float, ...]:
        """The accuracy after the last epoch, by seed."""
        return tuple(curve[-1] for curve in self.accuracy)


@dataclass(frozen=True, slots=True)
class Noise:
    """How much of what the table says is chance, in standard deviations of the last accuracy.

    seeds: between two trainings of one member
    means: of a member's mean over its seeds, `seeds / sqrt(S)`
    members: between the means of members, the chance in them included
    """

    seeds: float
    means: float
    members: float

    @property
    def share(self) -> float:
        """The share of the variance between the members' means that is chance."""
        return (self.means / self.members) ** 2


class Table:
    """Every member of `space`, by its decisions."""

    def __init__(self, space: Path, entries: list[Entry]) -> None:
        self._space = space
        self._entries = {_key(entry.decisions): entry for entry in entries}

    @classmethod
    def load(
        cls,
        path: Path = HERE / "small_metaformers.jsonl.gz",
        space: Path = HERE / "small_metaformers.yaml",
    ) -> Table:
        """The table in `path`, of the members of `space`.

        Raises FileNotFoundError, with the cure, where it has not been made.
        """
        if not path.exists():
            raise FileNotFoundError(
                f"there is no table {path}: make it with benchmarks/make_table.py, then --pack"
            )
        with gzip.open(path, "rt") as file:
            return cls(space, [_entry(json.loads(line)) for line in file])

    @cached_property
    def space(self) -> Space:
        """The space itself, to search in. All else here needs no torch."""
        import archdsl

        return archdsl.space(self._space)

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries.values())

    def __getitem__(self, decisions: Mapping[str, Any]) -> Entry:
        """The member with these answers. Raises KeyError where there is none."""
        return self._entries[_key(decisions)]

    def mean(self, decisions: Mapping[str, Any], epoch: int = -1) -> float:
        """The member's accuracy after an epoch, from 0, over its seeds."""
        return fmean(curve[epoch] for curve in self[decisions].accuracy)

    def curve(self, decisions: Mapping[str, Any], seed: int | None = None) -> tuple[float, ...]:
        """The accuracy after every epoch: of one seed, or the mean over all."""
        curves = self[decisions].accuracy
        if seed is not None:
            return curves[seed]
        return tuple(fmean(epoch) for epoch in zip(*curves, strict=True))

    def macs(self, decisions: Mapping[str, Any]) -> int:
        """The member's cost."""
        return self[decisions].macs

    @cached_property
    def noise(self) -> Noise:
        """Chance, estimated from the seeds of all members."""
        finals = [entry.finals for entry in self]
        within = fmean(variance(final) for final in finals)
        means = variance([fmean(final) for final in finals])
        return Noise(within**0.5, (within / len(finals[0])) ** 0.5, means**0.5)


def _key(decisions: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    return tuple(sorted(decisions.items()))


def _entry(line: dict[str, Any]) -> Entry:
    for name in ("accuracy", "loss"):
        line[name] = tuple(map(tuple, line[name]))
    return Entry(**line)
