"""Searches of one space side by side: what differs between them, and what each came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from archdsl.components.options import written
from archdsl.errors import SearchError
from archdsl.study.identity.setup import flat
from archdsl.study.report.read import Record, read

AT = (0.25, 0.5, 1.0)
"""Shares of the trials after which the best so far is told."""


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """One search.

    settings: those that another of the searches has otherwise
    best: of the objective that they share, after each share of the trials of the shortest search;
        empty where any of them prunes, which brings its good trials alone to their end
    winner: what its winner came to, by where: "val", and "test" where that was looked at
    verdict: what its final round says, None without one
    """

    folder: Path
    record: Record
    settings: dict[str, str]
    best: tuple[float, ...]
    winner: dict[str, float]
    verdict: str | None


def side_by_side(folders: Sequence[Path]) -> list[ComparedRun]:
    """Each search in turn. Raises SearchError for runs of different spaces or objectives."""
    records = [read(folder) for folder in folders]
    first = records[0]
    for folder, record in zip(folders[1:], records[1:], strict=True):
        _refuse_another(folders[0], first, folder, record)
    apart = _apart(records)
    pruned = any(record.spent is not None for record in records)
    least = 0 if pruned else min((len(record.complete) for record in records), default=0)
    return [
        ComparedRun(
            folder=folder,
            record=record,
            settings={**_judged(record, records), **{key: _said(record, key) for key in apart}},
            best=_best_so_far(record, least),
            winner=_winner(record),
            verdict=None if record.verdict is None else record.verdict.sentence(),
        )
        for folder, record in zip(folders, records, strict=True)
    ]


def _refuse_another(one: Path, first: Record, other: Path, record: Record) -> None:
    if first.tree != record.tree:
        here, there = flat(first.tree), flat(record.tree)
        differ = (key for key in {**here, **there} if here.get(key) != there.get(key))
        address = next(differ, "something empty")
        raise SearchError(
            f"{one} and {other} are searches of different spaces: {address} is "
            f"{_value(here, address)} in the one and {_value(there, address)} in the other.  "
            "compare runs of one space"
        )
    names = [[(o.name, o.direction) for o in run.objectives] for run in (first, record)]
    if names[0] != names[1]:
        said = [" and ".join(f"{how} {name}" for name, how in pairs) for pairs in names]
        raise SearchError(
            f"{one} is a search to {said[0]}, and {other} to {said[1]}.  compare runs with the "
            "same objectives"
        )


def _judged(record: Record, records: Sequence[Record]) -> dict[str, str]:
    """What the candidates were judged by and trained on, where that differs between the runs."""

    def said(one: Record) -> str:
        return "an evaluate" if one.own_evaluate else str(one.data.get("words", ""))

    return {"judged on": said(record)} if len(set(map(said, records))) > 1 else {}


def _apart(records: Sequence[Record]) -> list[str]:
    """The settings in which searches differ, but for where their data lie."""
    flattened = [flat(record.settings) for record in records]
    keys = dict.fromkeys(key for one in flattened for key in one)
    return [
        key for key in keys
        if key != "proxy.folder" and len({repr(one.get(key)) for one in flattened}) > 1
    ]  # fmt: skip


def _said(record: Record, key: str) -> str:
    return _value(flat(record.settings), key)


def _value(values: dict[str, Any], key: str) -> str:
    return written(values[key]) if key in values else "not there"


def _best_so_far(record: Record, many: int) -> tuple[float, ...]:
    """After shares of `many` trials that did not fail."""
    values = (record.value(trial) for trial in record.complete[:many])
    best = list(accumulate(values, record.better))
    return tuple(best[max(0, round(share * many) - 1)] for share in AT) if best else ()


def _winner(record: Record) -> dict[str, float]:
    """The judged metric of the winner: the mean of a final round, else of the trial itself."""
    name, found = record.judged_by, dict[str, float]()
    if record.verdict is not None and record.verdict.metric == name:
        return {record.verdict.split: record.verdict.winner.mean}
    if record.best is not None and record.best.values is not None:
        found["val"] = record.value(record.best)
    looked = next((look for key, look in record.looks.items()
                   if record.won is not None and key == record.won.training), None)  # fmt: skip
    if looked is not None and name in looked.metrics:
        found["test"] = looked.metrics[name]
    return found
