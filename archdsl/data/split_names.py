"""What folders are called that hold a split, and not a class."""

from __future__ import annotations

import re
from typing import TypeVar

from archdsl.errors import SearchError

T = TypeVar("T")

SPLITS = ("train", "val", "test")

_NAMES = {
    "train": ("train", "training"),
    "val": ("val", "valid", "validate", "validation", "dev", "development"),
    "test": ("test", "testing"),
    "eval": ("eval", "evaluate", "evaluation", "holdout", "heldout"),
}
_SPLIT_OF = {name: split for split, names in _NAMES.items() for name in names}

# `train_set`, `test-images` and `val2017` are the same words with more said.
_ADDED = re.compile(r"(?<=.)(set|split|data|dataset|images|imgs)$")


def split_of(name: str) -> str | None:
    """ "train", "val", "test", "eval" for val or test, or None for a folder of another name."""
    word = re.sub(r"[\W_\d]", "", name).lower()
    return _SPLIT_OF.get(word) or _SPLIT_OF.get(_ADDED.sub("", word))


def by_word(where: str, called: dict[str, T]) -> dict[str, list[T]]:
    """Split -> what a word of its name says is of it, as in `set-train-000`; empty where none does.

    where: what holds them, for errors; called: by name
    Raises SearchError where a name says several splits, or one that may be val as well as test, or
    where some say none, or none says train.
    """
    found: dict[str, list[T]] = {}
    for name, thing in called.items():
        words = re.split(r"[\W_\d]+", name)
        said = {split for word in words if (split := split_of(word)) is not None}
        if len(said) > 1 or "eval" in said:
            meant = "the val split or the test split" if said == {"eval"} else "several splits"
            raise SearchError(
                f"{where}: '{name}' may be of {meant}.  say train, val or test in its name"
            )
        found.setdefault(next(iter(said), ""), []).append(thing)
    if "" in found and len(found) > 1:
        stray = next(name for name, thing in called.items() if thing is found[""][0])
        raise SearchError(
            f"{where}: '{stray}' says no split, and others do.  say train, val or test in its name"
        )
    if "" not in found and "train" not in found:
        raise SearchError(f"{where}: holds {', '.join(found)}, and no train.  add it")
    return {split: found[split] for split in SPLITS if split in found}


def in_sets(names: tuple[str, ...]) -> tuple[str, ...]:
    """Those that differ in the word for a split only, as `cifar_train` and `cifar_test` do."""
    sets: dict[tuple[str, ...], dict[str, str]] = {}
    for name in names:
        words = re.split(r"[\W_]+", name.lower())
        said = [word for word in words if word in _SPLIT_OF]
        if len(said) == 1:
            rest = tuple(word for word in words if word not in _SPLIT_OF)
            sets.setdefault(rest, {})[name] = _SPLIT_OF[said[0]]
    return tuple(name for found in sets.values() if len(set(found.values())) > 1 for name in found)


def by_split(where: str, names: tuple[str, ...]) -> dict[str, str]:
    """Split -> the one folder that holds it, of folders that all are called like splits.

    where: the folder that holds them, for the error
    Raises SearchError where a split has two folders, or a name says val as well as test.
    """
    found: dict[str, str] = {}
    for name in names:
        split = split_of(name)
        assert split is not None, "only folders that are called like splits are asked"
        if split == "eval":
            raise SearchError(
                f"{where}: '{name}' may be the val split or the test split.  rename it val, or test"
            )
        if split in found:
            raise SearchError(
                f"{where}: '{found[split]}' and '{name}' both look like the {split} split.  "
                "leave one, or put the images of both into it"
            )
        found[split] = name
    return {split: found[split] for split in SPLITS if split in found}
