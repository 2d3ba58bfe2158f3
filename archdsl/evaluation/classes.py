"""Which logit each class of the data is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from archdsl import shipped
from archdsl.errors import SearchError
from archdsl.units import counted

IMAGENET = 1000
"""The classes of ImageNet-1k."""

_SYNSET = re.compile(r"n\d{8}")
_NAMED = 4


@dataclass(frozen=True, slots=True)
class Matching:
    """Class of the data, in the order of its labels -> logit; the names of all logits.

    words: how they were matched, for people
    """

    logits: tuple[int, ...]
    names: tuple[str, ...]
    words: str


def matched(
    data: Sequence[str], weights: Sequence[str], classes: int, *, source: str, says: str
) -> Matching:
    """Match the classes of data to logits: by name wherever both have names.

    data: the names of its classes, in the order of the labels; source: what it is, for errors
    weights: the names of the logits, empty where nobody says them; says: who says them
    classes: how many logits there are
    Raises SearchError for a class that no logit stands for.
    """
    if weights and set(data) <= set(weights):
        return _by_name(data, weights, says)
    if _are_numbers(data) and len(data) <= classes:
        names = tuple(weights) or tuple(map(str, range(classes)))
        words = f"by number: the data number their classes from 0 to {len(data) - 1}"
        if weights:
            words += f", which are taken for {_listed(weights[: len(data)])}"
        return Matching(tuple(range(len(data))), names, words)
    if weights:
        raise _strangers(data, weights, source, says)
    if classes == IMAGENET and all(map(_SYNSET.fullmatch, data)):
        known = imagenet()
        if set(data) <= set(known):
            return _by_name(data, known, "ImageNet-1k")
        raise _strangers(data, known, source, "ImageNet-1k")
    if len(data) != classes:
        raise SearchError(
            f"{source}: it has {counted(len(data), 'class', 'classes')}, and the model {classes} "
            "without names, so that which is which is not known.  judge with a folder that "
            "archdsl.save wrote or a run directory, which know the names, or give data with all "
            "classes"
        )
    return Matching(
        tuple(range(classes)), tuple(data),
        "by order: nothing says the names of the model's classes, and those of the data are in the "
        "order of the alphabet",
    )  # fmt: skip


def imagenet() -> tuple[str, ...]:
    """The names of the 1,000 synsets of ImageNet-1k, in the order of the labels."""
    return tuple((shipped.folder() / "imagenet_1k.txt").read_text(encoding="ascii").split())


def _by_name(data: Sequence[str], weights: Sequence[str], says: str) -> Matching:
    """Matched by name, with what is not as the weights have it said."""
    place = {name: index for index, name in enumerate(weights)}
    logits = tuple(place[name] for name in data)
    missing = [name for name in weights if name not in set(data)]
    words = f"by name, as {says} says them"
    if list(logits) != sorted(logits):
        words += "; the data have them in another order"
    if missing:
        words += f"; the data have no {_listed(missing)}"
    return Matching(logits, tuple(weights), words)


def _are_numbers(names: Sequence[str]) -> bool:
    return list(names) == [str(index) for index in range(len(names))]


def _strangers(data: Sequence[str], weights: Sequence[str], source: str, says: str) -> SearchError:
    strange = [name for name in data if name not in set(weights)]
    return SearchError(
        f"{source}: it has {_listed(strange)}, and the model's classes are {_listed(weights)} "
        f"({says}).  rename the class folders as the model names its classes, or leave out those "
        "that it does not know"
    )


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return " ".join(f"'{name}'" for name in names[:_NAMED]) + more
