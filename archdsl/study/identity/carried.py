"""Imported files beside a spec that leaves its place, so that it loads wherever it goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from archdsl.study.record import files

if TYPE_CHECKING:
    from archdsl.spaces import Space

_SECTION = re.compile(r"^imports:.*\n(?:[ \t-].*\n)*", re.MULTILINE)


def imported_files(space: Space) -> dict[str, Path]:
    """The files that a space imports: as written -> where they lie."""
    return {
        entry: folder / entry
        for entry, folder in space.spec.document.import_folders.items()
        if _is_file(entry)
    }


def digests(space: Space) -> dict[str, str]:
    """Imported file -> digest of its text: the components of a space are part of it."""
    return {
        entry: hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        for entry, path in imported_files(space).items()
    }


def copy_imports(space: Space, folder: Path) -> None:
    """Copy the imported files into a folder, to where `portable` says that they are."""
    for entry, path in imported_files(space).items():
        target = folder / _place(entry)
        target.parent.mkdir(parents=True, exist_ok=True)
        files.copy(path, target)


def portable(text: str, space: Space) -> str:
    """The YAML of a spec with its imports where `copy_imports` puts them."""
    return with_places(text, imported_files(space))


def with_places(text: str, entries: Iterable[str]) -> str:
    """The YAML of a spec with imported files where `copy_imports` puts them.

    entries: of its imports, as they are written there; those that are no files stay
    """
    section = _SECTION.search(text)
    if section is None:
        return text
    lines = section[0]
    for entry in filter(_is_file, entries):
        lines = re.sub(rf"(?<![\w./]){re.escape(entry)}(?![\w./])", _place(entry), lines)
    return text[: section.start()] + lines + text[section.end() :]


def _is_file(entry: str) -> bool:
    return entry.endswith(".py") or "/" in entry


def _place(entry: str) -> str:
    """Where an import stands in the folder that carries it: inside it, whatever it says."""
    path = PurePosixPath(entry)
    if ".." not in path.parts and not path.is_absolute():
        return entry
    return f"./{path.name}"
