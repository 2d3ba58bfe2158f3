"""What the arrays of an .npz file are, by the names under which people save them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from archdsl.data.split_names import SPLITS, split_of
from archdsl.errors import SearchError

Role: TypeAlias = Literal["images", "labels"]

_ROLES: dict[str, Role] = {
    "x": "images", "image": "images", "images": "images", "img": "images", "imgs": "images",
    "input": "images", "inputs": "images", "pixels": "images",
    "y": "labels", "label": "labels", "labels": "labels", "target": "labels", "targets": "labels",
}  # fmt: skip

# The images, where nothing else of the name says what it holds: `train_data`, `data`.
_FILLERS = ("data", "set", "dataset", "split")

_CURE = (
    "save x and y, or x_train and y_train (and x_val, y_val, x_test, y_test); images and labels, "
    "or train_images and train_labels, are the same"
)
_BOTH: tuple[tuple[Role, Role], ...] = (("images", "labels"), ("labels", "images"))
_NAMED = 8
"""Names of arrays that an error lists."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The names of the arrays of one split."""

    images: str
    labels: str


def pairs_of(names: Iterable[str], path: str) -> dict[str, Pair]:
    """Split -> the arrays that hold it; one pair that is no split's stands for train.

    path: of the file, for errors
    Raises SearchError where an array is missing, or where two may be the same.
    """
    found: dict[tuple[str, Role], str] = {}
    given = list(names)
    for name in given:
        meant = meaning(name)
        if meant is None:
            continue
        split, role = meant
        if split == "eval":
            raise SearchError(
                f"{path}: {name} may be of the val split or of the test split.  rename it, val or "
                "test in the place of that word"
            )
        if (other := found.get(meant)) is not None:
            of = f" of {split}" if split else ""
            raise SearchError(
                f"{path}: {other} and {name} both look like the {role}{of}.  leave one of them"
            )
        found[meant] = name
    return _paired(found, given, path)


def _paired(found: dict[tuple[str, Role], str], given: list[str], path: str) -> dict[str, Pair]:
    splits = [
        split for split in ("", *SPLITS) if {(split, "images"), (split, "labels")} & set(found)
    ]
    if "" in splits and len(splits) > 1:
        one, other = (_any(found, split) for split in splits[:2])
        raise SearchError(f"{path}: holds both {one} and {other}.  {_CURE}")
    if splits[:1] not in ([""], ["train"]):
        more = ", ..." if len(given) > _NAMED else ""
        held = f"{', '.join(given[:_NAMED])}{more}" or "no arrays"
        raise SearchError(f"{path}: holds {held}, and no training images.  {_CURE}")
    pairs = {}
    for split in splits:
        for role, other in _BOTH:
            if (split, role) not in found:
                there = found[split, other]
                raise SearchError(f"{path}: holds {there}, and no {role} to it.  {_CURE}")
        pairs[split or "train"] = Pair(found[split, "images"], found[split, "labels"])
    return pairs


def _any(found: dict[tuple[str, Role], str], split: str) -> str:
    return found.get((split, "images")) or found[split, "labels"]


def meaning(name: str) -> tuple[str, Role] | None:
    """The split ("" for none) and the role that a name says; None for a name of another sort.

    `x_train`, `train_images`, `trainX`, `xtrain` and `X_training_set` are the training images.
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    words = [word for word in re.split(r"[\W_]+", spaced.lower()) if word]
    words = [part for word in words for part in _parts(word)]
    splits = {split for word in words if (split := split_of(word)) is not None}
    roles = {_ROLES[word] for word in words if word in _ROLES}
    rest = [word for word in words if split_of(word) is None and word not in _ROLES]
    if not words or len(splits) > 1 or len(roles) > 1 or not set(rest) <= set(_FILLERS):
        return None
    if not roles and not {"data", "dataset"} & set(rest):
        return None
    return next(iter(splits), ""), next(iter(roles), "images")


def _parts(word: str) -> list[str]:
    """A word in its parts, where split and role are written together: `xtrain`, `testlabels`."""
    for role in (*_ROLES, "data"):
        for split, parts in (
            (word.removeprefix(role), [role, word.removeprefix(role)]),
            (word.removesuffix(role), [word.removesuffix(role), role]),
        ):
            if split != word and split_of(split) is not None:
                return parts
    return [word]
