"""What lies among images and is none: which of it is passed over, and what is said of that."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable
from pathlib import Path

from archdsl.errors import SearchError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")

_SYSTEM_FILES = {"thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r"}
_SYSTEM_FOLDERS = {"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"}
_ABOUT = re.compile(
    r"(readme|licen[cs]e|copying|copyright|notice|citation|authors|credits|attribution|changelog)"
    r"s?([._ -].*)?",
    re.IGNORECASE,
)

_NAMED = 3


def is_image(name: str) -> bool:
    """Whether a file is called like an image that is read."""
    return name.lower().endswith(SUFFIXES) and not is_hidden(name)


def is_hidden(name: str) -> bool:
    """`.DS_Store`, `._rose.jpg`: what a file manager leaves."""
    return name.startswith(".")


def is_system_folder(name: str) -> bool:
    """What an archiver, a file server or a recycle bin leaves."""
    return is_hidden(name) or name.lower() in _SYSTEM_FOLDERS


def is_passed_over(name: str) -> bool:
    """Whether a file says nothing of the images: left by a system, or a text about them."""
    if is_hidden(name) or name.lower() in _SYSTEM_FILES:
        return True
    return _ABOUT.fullmatch(name) is not None and not is_image(name)


def folders(root: Path) -> tuple[str, ...]:
    """The names of the folders in `root`, sorted, those of a system left out.

    Raises SearchError for a link that leads nowhere and may have been to a folder.
    """
    with os.scandir(root) as entries:
        return tuple(
            sorted(
                entry.name
                for entry in entries
                if not is_system_folder(entry.name) and _is_folder(entry)
            )
        )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with contextlib.suppress(OSError):  # a link that leads to itself
        if entry.is_dir():  # what the system said with the name; no look at each of a million
            return True
    if entry.is_symlink() and not (is_image(entry.name) or is_passed_over(entry.name)):
        refuse_dangling(Path(entry.path))
    return False


def refuse_dangling(path: Path) -> None:
    """Raise SearchError for a link that leads nowhere: what it led to would be missing unseen."""
    if path.is_symlink() and not path.exists():
        raise SearchError(
            f"{path}: a link that leads nowhere ({path.readlink()}).  mend it, or remove it"
        )


def files_below(root: Path, endings: tuple[str, ...]) -> list[Path]:
    """The files with one of some endings in a folder and in those below, links followed, sorted.

    Raises SearchError for a link that leads nowhere and may have been to such a file, or to a
    folder.
    """
    found: list[Path] = []
    seen: set[str] = set()
    for place, inner, names in os.walk(root, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            inner.clear()
            continue
        seen.add(real)
        for path in (Path(place, name) for name in names if not is_hidden(name)):
            if path.name.endswith(endings):
                refuse_dangling(path)
                found += [path] if path.is_file() else []
            elif not path.suffix:  # no file of another sort
                refuse_dangling(path)
    return sorted(found)


def summary(names: Iterable[str]) -> str:
    """What was passed over, for people: a count and the first names; empty for nothing."""
    found = sorted(set(names))
    if not found:
        return ""
    shown = ", ".join(found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")
    what = (
        "1 entry that is no image was"
        if len(found) == 1
        else (f"{len(found):,} entries that are no images were")
    )
    return f"{what} passed over: {shown}"
