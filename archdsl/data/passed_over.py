"""What lies among images and is none: which of it is passed over, and what is said of that."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

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
    """The names of the folders in `root`, sorted, those of a system left out."""
    with os.scandir(root) as entries:
        return tuple(
            sorted(
                entry.name
                for entry in entries
                if not is_system_folder(entry.name) and _is_folder(entry)
            )
        )


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()  # what the system said with the name; no look at each of a million
    except OSError:  # a link that leads to itself
        return False


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
