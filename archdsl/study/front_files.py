"""A front of two objectives as files: of each network that stands for it, as of a winner."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from archdsl.study.final.winner import of_the_front
from archdsl.study.record import files
from archdsl.study.winner import write_files

if TYPE_CHECKING:
    from archdsl.study.record.folder import RunFolder

FOLDER = "front"


def write_front(run: RunFolder) -> list[str]:
    """Write `front/NAME.*` for a search with two objectives, in place of what was there.

    Returns what could not be written, in words.
    """
    members = of_the_front(run.state)
    folder = run.folder / FOLDER
    with files.writing(folder):
        shutil.rmtree(folder, ignore_errors=True)
        if members:
            folder.mkdir()
    notes: list[str] = []
    for one in members:
        notes += write_files(run, one, folder / one.stem)
    return list(dict.fromkeys(notes))
