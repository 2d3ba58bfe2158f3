"""Train a trial again from its record and compare, epoch by epoch.

On the same machine, device and threads, with the same versions, it is equal to the digit on a
CPU; elsewhere it is held against the noise of seeds that the final round measured. Nothing in the
run directory is changed. The exit code is 0 where the two are equal or within that noise, or
where no noise is known, and 1 where they differ.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.cli.answer import DIFFERENT, DONE, Answer
from archdsl.cli.parser import patches, takes_changes
from archdsl.units import figure
from archdsl.views.terminal import busy, say_line
from archdsl.views.text import columns

if TYPE_CHECKING:
    from archdsl.study.replay.comparison import Replayed
    from archdsl.study.replay.once_more import Told

HELP = "train a trial again from its record, and compare"


def arguments(parser: argparse.ArgumentParser) -> None:
    """RUN TRIAL, and what may have moved since."""
    parser.add_argument("folder", metavar="RUN", type=Path, help="the run directory")
    parser.add_argument(
        "training",
        metavar="TRIAL",
        help="the number of a trial, or the folder of a training of a final round, as "
        "final/0/trial-00012/seed-1",
    )
    takes_changes(parser)


def run(known: argparse.Namespace) -> Answer:
    """Train, and put the two beside each other."""
    from archdsl.study.replay.replaying import replay

    with _shown(f"training {known.training} of {known.folder} again") as told:
        found = replay(
            known.folder, known.training, patches=patches(known), imports=known.imports, told=told
        )
    code = DIFFERENT if found.finding == "differs" else DONE
    return Answer(found.record(), _text(found), code)


@contextmanager
def _shown(what: str) -> Iterator[Told]:
    """How far it is: on a terminal in one line, elsewhere a line an epoch on standard error."""
    with busy(what) as now:

        def told(step: float, last: float, metrics: dict[str, Any]) -> None:
            said = "  ".join(f"{name} {figure(value)}" for name, value in metrics.items())
            words = f"epoch {step:g} of {last:g}  {said}"
            if sys.stderr.isatty():
                now(f"{what}: {words}")
            else:
                say_line(words, sys.stderr)

        yield told


def _text(found: Replayed) -> str:
    lines = [found.sentence()]
    if found.finding != "equal":
        lines += [f"  {line}" for line in columns(_rows(found))]
    return "\n".join([*lines, *found.notes()])


def _rows(found: Replayed) -> list[tuple[str, ...]]:
    """An epoch a row: each metric as it was, and as it is now."""
    recorded = found.recorded.epochs
    names = [name for name in dict.fromkeys(n for one in recorded for n in one) if name != "step"]
    heading = ("epoch", *(word for name in names for word in (name, "again")))
    rows: list[tuple[str, ...]] = [heading]
    for then, now in zip(recorded, found.epochs, strict=False):
        cells = (_cell(one, name) for name in names for one in (then, now))
        rows.append((f"{then['step']:g}", *cells))
    return rows


def _cell(epoch: dict[str, Any], name: str) -> str:
    """All digits: it is they that are compared."""
    return repr(epoch[name]) if name in epoch else ""
