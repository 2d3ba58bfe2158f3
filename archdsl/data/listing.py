"""The image files of a folder of class folders, in an order of their own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from archdsl.errors import SearchError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp")
GIVEN = ("train", "val", "test")


@dataclass(frozen=True, slots=True)
class Listing:
    """Files of one tree of class folders.

    root: what `files` are relative to
    files: with `/` between folders, sorted; labels: the class of each
    """

    root: Path
    class_names: tuple[str, ...]
    files: tuple[str, ...]
    labels: tuple[int, ...]

    def part(self, where: tuple[int, ...]) -> Listing:
        """The files at these positions."""
        files = tuple(self.files[index] for index in where)
        labels = tuple(self.labels[index] for index in where)
        return Listing(self.root, self.class_names, files, labels)


def given_splits(root: Path) -> tuple[str, ...]:
    """Which of train/, val/ and test/ the folder has; () for plain class folders.

    Raises SearchError for no folder, and for class folders beside a train/ of class folders.
    """
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "no such folder"
        raise SearchError(
            f"{root}: {what}.  search.proxy.data.path names a folder of class folders, "
            "relative to the folder of the spec"
        )
    folders = _folders(root)
    if "train" not in folders or not _folders(root / "train"):
        return ()
    if others := [name for name in folders if name not in GIVEN]:
        raise SearchError(
            f"{root / others[0]}: stands beside train.  beside train/ there may be val/ and test/; "
            "otherwise give class folders alone"
        )
    return tuple(name for name in GIVEN if name in folders)


def listing(root: Path) -> Listing:
    """Every image below `root`, one folder per class, hidden files left out.

    Raises SearchError for fewer than two classes, an empty class, and a file that is no image.
    """
    class_names = _folders(root)
    if stray := [p.name for p in _visible(root) if p.is_file() and _is_image(p.name)]:
        raise SearchError(
            f"{root / stray[0]}: an image outside of the class folders.  move it into the folder "
            "of its class"
        )
    if len(class_names) < 2:
        found = f"one class only, '{class_names[0]}'" if class_names else "no class folders"
        raise SearchError(f"{root}: holds {found}.  put the images of each class into a folder")
    files: list[str] = []
    labels: list[int] = []
    for label, name in enumerate(class_names):
        members = _images(root, root / name)
        if not members:
            raise SearchError(
                f"{root / name}: the class has no images.  add some ({' '.join(SUFFIXES)}), or "
                "remove the folder"
            )
        files += members
        labels += [label] * len(members)
    return Listing(root, class_names, tuple(files), tuple(labels))


def _images(root: Path, folder: Path) -> list[str]:
    found: list[str] = []
    seen: set[str] = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        if real in seen:  # a link that leads back
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            path = Path(place, name)
            if name.startswith("."):
                continue
            if not _is_image(name):
                raise SearchError(
                    f"{path}: no image.  class folders hold images only ({' '.join(SUFFIXES)})"
                )
            found.append(path.relative_to(root).as_posix())
    return sorted(found)


def _is_image(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _visible(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if not path.name.startswith("."))


def _folders(root: Path) -> tuple[str, ...]:
    return tuple(path.name for path in _visible(root) if path.is_dir())
