"""Search a space inside its budget, and leave a record, a winner and a report.

The same command on the same directory goes on where it was stopped, however it was stopped;
`search.trials` is the total, so that  --set search.trials=100  adds to what is there.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.cli.answer import DONE, INTERRUPTED, MENDABLE, Answer
from archdsl.cli.ending import ending
from archdsl.cli.parser import loaded, takes_a_spec, takes_salvage
from archdsl.cli.storage import patch, refuse_address, takes_storage
from archdsl.errors import SearchError
from archdsl.views.fitted import width

if TYPE_CHECKING:
    from archdsl.study.result import Result

HELP = "find the best architecture of a space inside its budget"


def arguments(parser: argparse.ArgumentParser) -> None:
    """SPACE and patches, and where the record goes."""
    takes_a_spec(parser, "SPACE")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="the run directory; default runs/NAME"
    )
    parser.add_argument(
        "--workers",
        metavar="N",
        help="how many candidates are judged at once; short for  --set search.workers=N",
    )
    parser.add_argument(
        "--engine",
        metavar="NAME",
        help="what runs the candidates: local, or ray; short for  --set search.engine=NAME",
    )
    parser.add_argument(
        "--address",
        metavar="WHERE",
        help="with --engine ray: the cluster that runs, auto for the one of this machine",
    )
    takes_storage(parser)
    takes_salvage(parser)


def run(known: argparse.Namespace) -> Answer:
    """Search with a live display, and say what came of it."""
    import archdsl
    from archdsl.display.choice import for_stream

    if known.workers is not None and not known.workers.strip():
        raise SearchError("--workers is empty.  write how many, as in  --workers 2")
    if known.workers is not None:
        known.patches.append(f"search.workers={known.workers}")
    refuse_address("--out", known.out)
    known.patches += [*_engine(known), *patch(known)]
    with for_stream(sys.stderr if known.json else sys.stdout) as listener:
        spec = loaded(known.file, known)
        result = archdsl.search(spec, out=known.out, listener=listener, salvage=known.salvage)
    within = width() if sys.stdout.isatty() else None
    return Answer(_data(spec.name, result), ending(result, within), _code(result))


def _engine(known: argparse.Namespace) -> list[str]:
    """What the two words set in the spec. Raises SearchError."""
    if known.address is None:
        return [] if known.engine is None else [f"search.engine={json.dumps(known.engine)}"]
    if known.engine is None:
        raise SearchError("--address is that of a cluster.  say of which kind, as  --engine ray")
    said = {"type": known.engine, "address": known.address}
    return [f"search.engine={json.dumps(said)}"]


def _code(result: Result) -> int:
    if result.interrupted:
        return INTERRUPTED
    return DONE if result.best is not None else MENDABLE


def _data(name: str, result: Result) -> dict[str, Any]:
    return {
        "name": name,
        "ended": result.ended,
        "message": result.message,
        "claim": result.claim,
        "distinguishable": None if result.verdict is None else result.verdict.distinguishable,
        "verdict": None if result.verdict is None else result.verdict.record(),
        "verdicts": [one.record() for one in result.verdicts],
        "folder": None if result.folder is None else str(result.folder),
        "best": None if result.best is None else result.best.number,
        "winner": None if result.winner is None else result.winner.trial.number,
        "front": [trial.number for trial in result.front],
        "front_members": [
            {"trial": one.trial.number, "values": list(one.values), "files": f"front/{one.stem}"}
            for one in result.front_members
        ],
        "hypervolume": None if result.hypervolume is None else result.hypervolume.record(),
        "spent": None if result.spent is None else result.spent.record(),
        "trials": [trial.record() for trial in result.trials],
        "notes": list(result.notes),
    }
