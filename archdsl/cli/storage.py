"""`--storage` and `--study`: a record that a database holds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from archdsl.errors import SearchError
from archdsl.language.passwords import without_passwords

RUNS = Path("runs")


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
    said = {"url": without_passwords(known.storage)}
    if known.study is not None:
        said["study"] = known.study
    return [f"search.storage={json.dumps(said, ensure_ascii=False)}"]


def copied(known: argparse.Namespace, folder: Path | None) -> Path:
    """The run directory that is to be read, made to say what the database says, if there is one.

    folder: as it was named; with a database it is `runs/STUDY` unless said
    Raises SearchError where neither is named, and for a database that cannot be used.
    """
    if known.storage is None:
        if known.study is not None:
            raise SearchError("--study names a study in a database.  name that, too, by --storage")
        if folder is None:
            raise SearchError("which run?  name its directory, or a database by  --storage URL")
        return folder
    from archdsl.study.record.database.reading import copied_from

    return copied_from(known.storage, known.study, folder, RUNS)
