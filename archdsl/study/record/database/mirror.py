"""The run directory's copy of a record that a database holds.

Everything that reads a run reads the copy, with the checks that a record has. Whatever lies there
is made to say what the database says whenever a driver starts.
"""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from archdsl.errors import SearchError
from archdsl.study.record import files
from archdsl.study.record.database.study import Study
from archdsl.study.record.file_store import MIRROR, RECORD


def bring_up(folder: Path, study: Study) -> int:
    """Make the copy say what the database says. Returns the number of lines.

    Whoever calls it holds the run directory.
    Raises SearchError for a directory with a record of its own, or one of another study.
    """
    lines, path = study.all_lines(), folder / RECORD
    whole = b"".join(lines)
    there = files.read_bytes(path) if path.is_file() else b""
    if there and not (folder / MIRROR).is_file():
        raise SearchError(
            f"{folder} holds a search whose record is there, and not in {study.database.url}.  "
            "choose another --out, or drop search.storage to go on with it"
        )
    known = said(folder)
    if known.get("began") not in (None, _began(lines)):
        raise SearchError(
            f"{folder} has the copy of another study than {study.name} in {study.database.url} as "
            "it is now.  choose another --out"
        )
    if there != whole:
        files.write_bytes(path, whole)
    say(folder, study, known.get("driver"), lines)
    return len(lines)


def _began(lines: list[bytes]) -> str | None:
    """What tells a record from all others: the checksum of its first line."""
    return json.loads(lines[0])["sum"] if lines else None


def append(folder: Path, lines: list[bytes]) -> None:
    """Put more lines behind those of the copy."""
    path = folder / RECORD
    with files.writing(path), path.open("ab") as file:
        file.writelines(lines)


def begin_again(folder: Path) -> None:
    """Drop the copy of a record that the database holds no more."""
    for name in (RECORD, MIRROR):
        with files.writing(folder / name):
            (folder / name).unlink(missing_ok=True)


def say(folder: Path, study: Study, driver: int | None, lines: list[bytes]) -> None:
    """Write where the record is, of which these are the first lines.

    driver: who is in this directory, or was the last
    """
    known = {"url": study.database.url, "study": study.name, "driver": driver,
             "began": _began(lines)}  # fmt: skip
    files.write_text(folder / MIRROR, json.dumps(known, indent=2) + "\n")


def said(folder: Path) -> dict[str, Any]:
    """What `say` wrote; nothing where the record is in the directory itself."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads((folder / MIRROR).read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def refuse_mirror(folder: Path) -> None:
    """Raise SearchError for a directory whose record a database holds."""
    if (folder / MIRROR).is_file():
        known = said(folder)
        raise SearchError(
            f"{folder} has a copy of a record that {known.get('url')} holds.  go on with  "
            f"--storage {known.get('url')},  or choose another --out"
        )
