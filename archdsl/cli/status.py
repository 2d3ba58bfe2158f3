"""Say where a search, or a training, stands, from its record, while it runs or afterwards."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.amounts import written
from archdsl.cli.answer import DONE, Answer
from archdsl.cli.storage import copied, takes_storage
from archdsl.units import amount, counted, duration, figure, percent, plural, rounded
from archdsl.views.text import columns

if TYPE_CHECKING:
    from archdsl.full_training.status import TrainingStatus
    from archdsl.study.status import Status, Underway

HELP = "say where a search or a training stands, from another terminal"


def arguments(parser: argparse.ArgumentParser) -> None:
    """RUN, or a database."""
    parser.add_argument(
        "folder", metavar="RUN", type=Path, nargs="?", help="the run directory, or the folder "
        "of a training; with --storage runs/STUDY unless said",
    )  # fmt: skip
    takes_storage(parser)


def run(known: argparse.Namespace) -> Answer:
    """Read the record and say what runs, what is done, and what is the best."""
    from archdsl.full_training.status import is_training, training_status
    from archdsl.study.status import status

    if known.storage is None and known.folder is not None and is_training(known.folder):
        stands = training_status(known.folder)
        return Answer(stands.values(), _of_training(stands), DONE)
    found = status(copied(known, known.folder), _drivers(known))
    return Answer(found.record(), _text(found), DONE)


def _of_training(stands: TrainingStatus) -> str:
    record, best = stands.record, stands.record.best
    lines = [f"{record.name}: {stands.words()}"]
    for what, number in (("the best", best), ("the last", len(record.epochs) - 1)):
        if number is not None and number >= 0:
            metrics = record.epochs[number].metrics
            said = "  ".join(f"{name} {figure(value)}" for name, value in metrics.items())
            lines.append(f"{what} is epoch {number + 1}: {said}")
    return "\n".join(lines)


def _drivers(known: argparse.Namespace) -> list[tuple[str, int]]:
    """Who is at a study in a database, in words, each with its workers."""
    if known.storage is None:
        return []
    from archdsl.study.record.database.reading import drivers_of

    return [(one.called, one.workers) for one in drivers_of(known.storage, known.study)]


def _text(found: Status) -> str:
    lines = [f"{found.name}: {found.words()}"]
    if found.counts:
        lines.append("  ".join(f"{number} {state}" for state, number in found.counts.items()))
    if found.aside is not None:
        held, most = found.aside
        bound = "" if most is None else f" of {amount(most)}"
        lines.append(f"checkpoints of paused trials: {amount(held)}{bound} bytes")
    if found.weights is not None:
        lines.append(f"weights that trials may begin with: {amount(found.weights)} bytes")
    if found.verdict is not None:
        lines.append(found.verdict)
    if found.best is not None:
        best = found.best
        said = "  ".join(
            f"{name} {written(name, int(value)) if name in best.costs else rounded(value)}"
            for name, value in found.values(best)
        )
        began = "" if best.began_with is None else f"  began with {best.began_with}"
        lines.append(f"the best is trial {best.number}: {said}{began}")
    if found.underway:
        runs = "under way" if found.holder is not None else "broken off"
        lines.append(f"{counted(len(found.underway), 'trial')} {runs}:")
        lines += [f"  {line}" for line in columns([_row(one) for one in found.underway])]
    if found.failures:
        lines.append(f"the last {plural(len(found.failures), 'failure')}:")
        rows = [(f"trial {one.number}", one.cause or "") for one in found.failures]
        lines += [f"  {line}" for line in columns(rows)]
    return "\n".join(lines)


def _row(one: Underway) -> tuple[str, str]:
    metrics: dict[str, Any] = {k: v for k, v in (one.last or {}).items() if k != "step"}
    said = [one.stage if one.last is None else f"step {one.last['step']:g}"]
    said += [f"{name} {figure(value)}" for name, value in metrics.items()]
    if one.inherits is not None and one.share is not None:
        said.append(f"began with {percent(one.share)} of trial {one.inherits}")
    if one.seconds is not None:
        said.append(f"for {duration(one.seconds)}")
    return f"trial {one.number}", "  ".join(said)
