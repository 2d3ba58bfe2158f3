"""The image files of a folder of class folders, in an order of their own."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from archdsl.data.passed_over import SUFFIXES, folders, is_image, is_passed_over, is_system_folder
from archdsl.errors import SearchError


@dataclass(frozen=True, slots=True)
class Listing:
    """Files of one tree of class folders.

    root: what `files` are relative to
    files: with `/` between folders, sorted; labels: the class of each
    passed_over: what lies there and is no image, with `/` at the end of a folder
    """

    root: Path
    class_names: tuple[str, ...]
    files: tuple[str, ...]
    labels: tuple[int, ...]
    passed_over: tuple[str, ...] = ()

    def part(self, where: tuple[int, ...]) -> Listing:
        """The files at these positions."""
        files = tuple(self.files[index] for index in where)
        labels = tuple(self.labels[index] for index in where)
        return replace(self, files=files, labels=labels)


def listing(root: Path) -> Listing:
    """Every image below `root`, one folder per class.

    Raises SearchError for fewer than two classes, an empty class, and a file among the images of
    a class that is no image and nothing that a system leaves.
    """
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
    files: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(class_names):
        members, others = _members(root, root / name)
        if not members:
            raise SearchError(
                f"{root / name}: the class has no images.  add some ({' '.join(SUFFIXES)}), or "
                "remove the folder"
            )
        files += members
        labels += [label] * len(members)
        passed_over += others
    return Listing(root, class_names, tuple(files), tuple(labels), tuple(passed_over))


def _members(root: Path, folder: Path) -> tuple[list[str], list[str]]:
    """The images of a class, and what is passed over among them."""
    found: list[str] = []
    passed_over: list[str] = []
    seen: set[str] = set()
    for place, inner, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            inner.clear()
            continue
        seen.add(real)
        passed_over += [_named(Path(place, name), root) for name in inner if is_system_folder(name)]
        inner[:] = sorted(name for name in inner if not is_system_folder(name))
        for name in names:
            path = Path(place, name)
            if is_image(name):
                found.append(path.relative_to(root).as_posix())
            elif is_passed_over(name):
                passed_over.append(_named(path, root))
            else:
                raise SearchError(
                    f"{path}: no image.  class folders hold images only ({' '.join(SUFFIXES)})"
                )
    return sorted(found), passed_over


def _named(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() + ("/" if path.is_dir() else "")
