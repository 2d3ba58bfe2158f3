"""`--storage` and `--study`: a record that a database holds."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path

from archdsl.errors import SearchError

RUNS = Path("runs")

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")


def takes_storage(parser: argparse.ArgumentParser) -> None:
    """`--storage` and `--study`, wherever a run is read or gone on with."""
    parser.add_argument(
        "--storage",
        metavar="URL",
        help="the database that holds the record, as postgresql://USER@HOST/DATABASE",
    )
    parser.add_argument(
        "--study", metavar="NAME", help="the study there; unless said, the spec's name or the only"
    )


def patch(known: argparse.Namespace) -> list[str]:
    """What the two words set in the spec of a search. Raises SearchError."""
    if known.study is not None and known.storage is None:
        return [f"search.storage.study={json.dumps(known.study)}"]
    if known.storage is None:
        return []
    said = {"url": known.storage}
    if known.study is not None:
        said["study"] = known.study
    return [f"search.storage={json.dumps(said, ensure_ascii=False)}"]


def refuse_address(what: str, folder: Path | None) -> None:
    """Raise SearchError for an address in the place of a directory. what: that was to be named"""
    if folder is not None and _ADDRESS.match(str(folder)):
        raise SearchError(
            f"{what} is a directory of this machine, and '{folder}' is an address.  name a "
            "database by  --storage URL,  and a shared folder by  --set search.shared=URL"
        )


def copied(known: argparse.Namespace, folder: Path | None) -> Path:
    """The run directory that is to be read, made to say what the database says, if there is one.

    folder: as it was named; with a database it is `runs/STUDY` unless said
    Raises SearchError where neither is named, and for a database that cannot be used.
    """
    refuse_address("RUN", folder)
    if known.storage is None:
        if known.study is not None:
            raise SearchError("--study names a study in a database.  name that, too, by --storage")
        if folder is None:
            raise SearchError("which run?  name its directory, or a database by  --storage URL")
        return folder
    from archdsl.study.record.database.reading import copied_from

    return copied_from(known.storage, known.study, folder, RUNS)
