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
from archdsl.study.record.folder import refuse_strangers

ELSEWHERE = "choose another --out"
"""How who searches has the copy in another directory."""


def made(folder: Path, study: Study, first: list[bytes], elsewhere: str = ELSEWHERE) -> None:
    """Have a directory for a copy, of which nobody has to hold it yet.

    first: the first line of the study's record; elsewhere: how the copy is had in another one
    Raises SearchError where there can be none, and as `refuse_another` does.
    """
    if folder.exists():
        if not folder.is_dir():
            raise SearchError(f"{folder} is no folder.  {elsewhere}")
        refuse_another(folder, study, first, elsewhere)
    with files.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)


def bring_up(folder: Path, study: Study, elsewhere: str = ELSEWHERE) -> int:
    """Make the copy say what the database says. Returns the number of lines.

    Whoever calls it holds the run directory. elsewhere: how the copy is had in another one
    Raises SearchError as `refuse_another` does.
    """
    lines, path = study.all_lines(), folder / RECORD
    refuse_another(folder, study, lines, elsewhere)
    whole = b"".join(lines)
    if not path.is_file() or files.read_bytes(path) != whole:
        files.write_bytes(path, whole)
    say(folder, study, said(folder).get("driver"), lines)
    return len(lines)


def refuse_another(
    folder: Path, study: Study, lines: list[bytes], elsewhere: str = ELSEWHERE
) -> None:
    """Raise SearchError for a directory of anything but this study.

    lines: the first lines of the study's record
    """
    path, copied = folder / RECORD, (folder / MIRROR).is_file()
    if not copied and not path.is_file():
        refuse_strangers(folder, elsewhere)
    elif not copied and path.stat().st_size:
        raise SearchError(
            f"{folder} holds a search whose record is there, and not in {study.database.url}.  "
            f"{elsewhere}, or leave the database out for that search"
        )
    if said(folder).get("began") not in (None, _began(lines)):
        raise SearchError(
            f"{folder} has the copy of another study than {study.name} in {study.database.url} as "
            f"it is now.  {elsewhere}"
        )


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
