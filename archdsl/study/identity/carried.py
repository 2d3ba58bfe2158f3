"""Imported files beside a spec that leaves its place, so that it loads wherever it goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from archdsl.language.imports import is_file
from archdsl.study.identity.code import with_neighbours
from archdsl.study.record import files

if TYPE_CHECKING:
    from archdsl.spaces import Space

_SECTION = re.compile(r"^imports:.*\n(?:[ \t-].*\n)*", re.MULTILINE)


def imported_files(space: Space) -> dict[str, Path]:
    """The files that a space imports: as written -> where they lie."""
    return {
        entry: folder / entry
        for entry, folder in space.spec.document.import_folders.items()
        if is_file(entry)
    }


def digests(space: Space) -> dict[str, str]:
    """Imported file -> digest of its text: the components of a space are part of it.

    Of a package that of its `__init__.py`; what else there is in it is compared by its names.
    """
    found = {}
    for entry, path in imported_files(space).items():
        file = path / "__init__.py" if path.is_dir() else path
        found[entry] = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return found


def copy_imports(space: Space, folder: Path) -> None:
    """Copy the imported files, and what they import from beside them, into a folder.

    They lie then where `portable` says that they are.
    """
    entries = imported_files(space)
    for entry, place in places(entries).items():
        real = entries[entry].resolve()
        for path in with_neighbours(real):
            if path.is_relative_to(real):
                target = folder / place / path.relative_to(real)
            else:
                below = path.is_relative_to(real.parent)
                name = path.relative_to(real.parent) if below else path.name
                target = (folder / place).parent / name
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
    for entry, place in places(filter(is_file, entries)).items():
        lines = re.sub(rf"(?<![\w./]){re.escape(entry)}(?![\w./])", place, lines)
    return text[: section.start()] + lines + text[section.end() :]


def places(entries: Iterable[str]) -> dict[str, str]:
    """Where imports stand in the folder that carries them: inside it, whatever they say.

    Those of one folder outside stay together, and apart from those of another.
    """
    known = list(entries)
    inside = {entry: entry for entry in known if _is_inside(PurePosixPath(entry))}
    outside = [PurePosixPath(entry) for entry in known if entry not in inside]
    folders = list(dict.fromkeys(str(path.parent) for path in outside))
    places = dict(inside)
    for entry, path in zip([e for e in known if e not in inside], outside, strict=True):
        number = folders.index(str(path.parent)) + bool(inside)
        places[entry] = f"./imported_{number}/{path.name}" if number else f"./{path.name}"
    return places


def _is_inside(path: PurePosixPath) -> bool:
    return ".." not in path.parts and not path.is_absolute()
