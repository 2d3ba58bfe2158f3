"""Files that are whole or not there, whenever the power goes."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

_DRAFT = ".tmp"


def write_text(path: Path, text: str) -> None:
    """Write a file in one step: whoever reads it sees the old text or the new."""
    draft = path.with_name(path.name + _DRAFT)
    with draft.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    _sync_folder(path.parent)


def write_json(path: Path, data: Any) -> None:
    """Write plain values as JSON, in one step."""
    write_text(path, json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def move(source: Path, target: Path) -> None:
    """Move a finished file to its place, durably."""
    with source.open("rb") as file:
        os.fsync(file.fileno())
    source.replace(target)
    _sync_folder(target.parent)


def copy(source: Path, target: Path) -> None:
    """Copy a file in one step."""
    draft = target.with_name(target.name + _DRAFT)
    shutil.copyfile(source, draft)
    move(draft, target)


def drop_drafts(folder: Path) -> None:
    """Remove what an interrupted write left."""
    for path in folder.glob(f"*{_DRAFT}"):
        path.unlink()


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
