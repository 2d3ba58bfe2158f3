"""Write the reports of runs anew, from their records alone; also of a search that still runs.

Of a training it writes the page.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from archdsl.cli.answer import DONE, FAULT, MENDABLE, Answer
from archdsl.cli.browser import opened
from archdsl.cli.failure import failed
from archdsl.cli.parser import takes_sandbox
from archdsl.cli.storage import copied, takes_storage
from archdsl.errors import SearchError
from archdsl.language.sandbox import Reach, Sandbox
from archdsl.views.terminal import busy

HELP = "write the report of a run, or the page of a training, anew from its record"


def arguments(parser: argparse.ArgumentParser) -> None:
    """RUN ..., or a database."""
    parser.add_argument(
        "folders", metavar="RUN", type=Path, nargs="*", help="a run directory: runs/NAME, or "
        "the folder of a training; with --storage runs/STUDY unless said",
    )  # fmt: skip
    parser.add_argument(
        "--open", action="store_true", dest="in_browser", help="open what is written in the browser"
    )
    takes_storage(parser)
    takes_sandbox(parser)


def run(known: argparse.Namespace) -> Answer:
    """Read the record, write the page, say what it claims; of several say where each is."""
    if len(known.folders) < 2:
        data, said, line = _written(known, next(iter(known.folders), None))
        return Answer(data, "\n".join([*said, line]))
    if known.storage is not None:
        raise SearchError("--storage holds one record, and several runs are named.  name one")
    return _together([_tried(known, folder) for folder in known.folders])


def _together(found: list[tuple[dict[str, Any], str, int]]) -> Answer:
    data, lines, codes = zip(*found, strict=True)
    code = next((one for one in (FAULT, MENDABLE) if one in codes), DONE)
    return Answer(list(data), "\n".join(lines), code)


def _tried(known: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], str, int]:
    """What one of several runs came to: the next ones are written whatever it is."""
    named = {"run": str(folder)}
    try:
        data, _, line = _written(known, folder)
    except Exception as error:
        answer = failed(error)
        assert isinstance(answer.data, dict), "an error is one"
        return {**named, **answer.data}, answer.text, answer.code
    return {**named, **data}, line, DONE


def _written(
    known: argparse.Namespace, folder: Path | None
) -> tuple[dict[str, Any], list[str], str]:
    """Of a page that is written: what there is to tell a program, what it claims, where it is."""
    from archdsl.full_training.status import is_training

    folder = copied(known, folder)
    of_training = known.storage is None and is_training(folder)
    data, said, path = _of_training(folder) if of_training else _of_search(known, folder)
    line = f"{path} is written"
    if known.in_browser:
        data["opened"] = opened(path)
        if not data["opened"]:
            line += f", and no browser could be opened here: {path.resolve().as_uri()}"
    return data, said, line


def _of_training(folder: Path) -> tuple[dict[str, Any], list[str], Path]:
    from archdsl.full_training.page import lead, write_page
    from archdsl.full_training.status import training_status

    stands = training_status(folder)
    path = write_page(folder, stands.record)
    return {**stands.values(), "path": str(path)}, [lead(stands.record), stands.words()], path


def _of_search(known: argparse.Namespace, folder: Path) -> tuple[dict[str, Any], list[str], Path]:
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
    return data, [said, *([] if far is None else [far])], path
