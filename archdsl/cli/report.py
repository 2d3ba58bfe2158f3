"""Write the report of a run anew, from its record alone; also of a search that still runs.

Of a training it writes the page.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from archdsl.cli.answer import Answer
from archdsl.cli.parser import takes_sandbox
from archdsl.cli.storage import copied, takes_storage
from archdsl.language.sandbox import Reach, Sandbox
from archdsl.views.terminal import busy

HELP = "write the report of a run, or the page of a training, anew from its record"


def arguments(parser: argparse.ArgumentParser) -> None:
    """RUN, or a database."""
    parser.add_argument(
        "run_folder", metavar="RUN", type=Path, nargs="?", help="a run directory: runs/NAME, or "
        "the folder of a training; with --storage runs/STUDY unless said",
    )  # fmt: skip
    takes_storage(parser)
    takes_sandbox(parser)


def _of_training(folder: Path) -> Answer:
    from archdsl.full_training.page import lead, write_page
    from archdsl.full_training.status import training_status

    stands = training_status(folder)
    path = write_page(folder, stands.record)
    lines = [lead(stands.record), stands.words(), f"{path} is written"]
    return Answer({**stands.values(), "path": str(path)}, "\n".join(lines))


def run(known: argparse.Namespace) -> Answer:
    """Read the record, write the page, say what it claims."""
    from archdsl.full_training.status import is_training

    folder = copied(known, known.run_folder)
    if known.storage is None and is_training(folder):
        return _of_training(folder)
    reach = (Sandbox if known.sandbox else Reach)(folder)
    reach.tree(folder)
    with busy(f"writing the report of {folder}"):
        from archdsl.study.report import write_report
        from archdsl.study.report.findings import unfinished, verdict
        from archdsl.study.report.read import read

        record = read(folder)
        path = write_report(folder, record)
    said, far = verdict(record), unfinished(record)
    data = {
        "name": record.name,
        "trials": len(record.trials),
        "best": None if record.best is None else record.best.number,
        "verdict": said,
        "over": far is None,
        "unfinished": record.unfinished,
        "path": str(path),
    }
    lines = [said, *([] if far is None else [far]), f"{path} is written"]
    return Answer(data, "\n".join(lines))
