"""The image files of a folder of class folders, in an order of their own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from archdsl.data.passed_over import SUFFIXES, folders, is_image, is_passed_over, is_system_folder
from archdsl.data.samples import Files
from archdsl.data.texts import Texts
from archdsl.errors import SearchError


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """Files of one tree of class folders.

    files: with `/` between folders, those of a class sorted, class by class
    passed_over: what lies there and is no image, with `/` at the end of a folder
    """

    files: Files
    passed_over: tuple[str, ...] = ()


def listing(root: Path) -> Listing:
    """Every image below `root`, one folder per class.

    Raises SearchError for fewer than two classes, an empty class, and a file among the images of
    a class that is no image and nothing that a system leaves.
    """
    import numpy as np

    class_names = folders(root)
    beside = sorted(path for path in root.iterdir() if path.name not in class_names)
    if stray := [path for path in beside if is_image(path.name) and path.is_file()]:
        raise SearchError(
            f"{stray[0]}: an image outside of the class folders.  move it into the folder "
            "of its class"
        )
    if len(class_names) < 2:
        found = f"one class only, '{class_names[0]}'" if class_names else "no class folders"
        raise SearchError(f"{root}: holds {found}.  put the images of each class into a folder")
    passed_over = [_named(path, root) for path in beside]
    names: list[str] = []
    counts: list[int] = []
    for name in class_names:
        members, others = _members(root, name)
        if not members:
            raise SearchError(
                f"{root / name}: the class has no images.  add some ({' '.join(SUFFIXES)}), or "
                "remove the folder"
            )
        names += members
        counts.append(len(members))
        passed_over += others
    labels = np.repeat(np.arange(len(counts)), counts)
    return Listing(Files(root, Texts.of(names), labels, class_names), tuple(passed_over))


def _members(root: Path, folder: str) -> tuple[list[str], list[str]]:
    """The images of a class, and what is passed over among them, below the root."""
    found: list[str] = []
    passed_over: list[str] = []
    seen: set[str] = set()
    top = os.fspath(root)
    for place, inner, names in os.walk(root / folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            inner.clear()
            continue
        seen.add(real)
        # no Path for each of a million files
        before = f"{os.path.relpath(place, top)}/".replace(os.sep, "/")
        passed_over += [f"{before}{name}/" for name in inner if is_system_folder(name)]
        inner[:] = sorted(name for name in inner if not is_system_folder(name))
        for name in names:
            if is_image(name):
                found.append(before + name)
            elif is_passed_over(name):
                passed_over.append(before + name)
            else:
                raise SearchError(
                    f"{Path(place, name)}: no image.  class folders hold images only "
                    f"({' '.join(SUFFIXES)})"
                )
    return sorted(found), passed_over


def _named(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() + ("/" if path.is_dir() else "")
