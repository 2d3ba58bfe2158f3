"""How the folders of a folder of images are meant: as classes, or as splits of classes."""

from __future__ import annotations

import os
from pathlib import Path

from archdsl.data.passed_over import folders, is_image
from archdsl.data.split_names import by_split, in_sets, split_of
from archdsl.errors import SearchError

_DEEPEST = 4
"""How many folders that hold one folder each are looked through."""


def given_splits(root: Path) -> dict[str, str]:
    """ "train", "val", "test" -> the folder that holds it; empty for plain class folders.

    Raises SearchError for no folder, and for folders that may be splits and cannot be told.
    """
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "no such folder"
        raise SearchError(
            f"{root}: {what}.  search.proxy.data.path names a folder of class folders, "
            "relative to the folder of the spec"
        )
    names = folders(root)
    _refuse_a_wrapper(root, names)
    called = tuple(name for name in names if split_of(name))
    of_classes = [name for name in called if split_of(name) == "train" and folders(root / name)]
    if not of_classes:
        _refuse_splits_taken_for_classes(root, names, called)
        return {}
    if others := [name for name in names if name not in called]:
        train = of_classes[0]
        raise SearchError(
            f"{root / others[0]}: stands beside {train}.  beside {train}/ there may be a val/ and "
            "a test/; otherwise give class folders alone"
        )
    return by_split(str(root), called)


def _refuse_a_wrapper(root: Path, names: tuple[str, ...]) -> None:
    """Refuse a folder that an archive put around the folders that are meant."""
    inner = root
    for _ in range(_DEEPEST):
        if len(names) != 1 or (split_of(names[0]) and folders(inner / names[0])):
            break
        inner = inner / names[0]
        names = folders(inner)
        if _has_images(inner):
            return
    if inner != root and names:
        raise SearchError(
            f"{root}: holds one folder only, and what look like classes or splits are in {inner} "
            f"({_listed(names)}).  let search.proxy.data.path name that folder"
        )


def _refuse_splits_taken_for_classes(
    root: Path, names: tuple[str, ...], called: tuple[str, ...]
) -> None:
    inside = {name: set(folders(root / name)) for name in names}
    without_images = [name for name in names if not _has_images(root / name)]
    of_classes = [name for name in called if inside[name] and name in without_images]
    if of_classes or len({split_of(name) for name in called}) > 1:
        _refuse_named_splits(root, called, bool(of_classes))
    if said := in_sets(names):
        raise SearchError(
            f"{root}: {_listed(said)} differ in the word for a split only, so that they look like "
            "splits and not like classes.  call them train, val and test; if they are classes, "
            "rename them"
        )
    for name in names:
        parts = sorted(inner for inner in inside[name] if split_of(inner))
        if len({split_of(inner) for inner in parts}) > 1:
            raise SearchError(
                f"{root / name}: holds {_listed(parts)}, which look like splits inside of a "
                "class.  put the classes into the splits: train/CLASS, val/CLASS, test/CLASS"
            )
    shared = sorted(set.intersection(*inside.values())) if len(names) > 1 else []
    if len(shared) > 1 and len(without_images) == len(names):
        raise SearchError(
            f"{root}: {_listed(names)} hold no images of their own and the same folders "
            f"({_listed(shared)}), so that they look like splits and not like classes.  call them "
            "train, val and test; if they are the classes, put their images right into them"
        )


def _refuse_named_splits(root: Path, called: tuple[str, ...], of_classes: bool) -> None:
    look = "looks like a split" if len(called) == 1 else "look like splits"
    if of_classes:
        raise SearchError(
            f"{root}: {_listed(called)} {look}, and there is no train split with class folders.  "
            "give train/CLASS as well; val/ and test/ may be left out"
        )
    raise SearchError(
        f"{root}: {_listed(called)} {look}, and hold no class folders.  put the images "
        "of each class into a folder of its own in every split; if they are classes, rename them"
    )


def _has_images(folder: Path) -> bool:
    with os.scandir(folder) as entries:
        return any(is_image(entry.name) for entry in entries)


def _listed(names: tuple[str, ...] | list[str]) -> str:
    """The first few names, and how many more there are."""
    more = f" and {len(names) - 4} more" if len(names) > 4 else ""
    return " ".join(names[:4]) + more
