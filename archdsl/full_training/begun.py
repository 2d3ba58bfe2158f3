"""Whether the classifier of the weights to begin with tells the classes of the data apart."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.errors import SearchError
from archdsl.full_training.asked import Beginning

_NAMED = 4


def compared(beginning: Beginning, names: Sequence[str]) -> str:
    """What is to be said of a classifier that is kept; nothing where its classes are the data's.

    names: of the classes of the data, in the order of the labels; empty where nobody says them
    Raises SearchError where a logit of the weights is of another class than of the data.
    """
    old = beginning.class_names
    if not old or not names or tuple(names) == old:
        return ""
    if set(old) != set(names) and (_are_numbers(old) or _are_numbers(names)):
        return _by_number(beginning.path, old, names)  # an .npz file numbers its classes
    pairs = enumerate(zip(old, names, strict=False))
    differs = next((found for found in pairs if found[1][0] != found[1][1]), None)
    if differs is None:
        said = f"the weights have {len(old)} classes, and the data {len(names)}"
    else:
        number, (then, now) = differs
        said = f"class {number} is {then!r} in the weights, and {now!r} in the data"
        if set(old) == set(names):
            said += ", which have the same classes in another order"
    raise SearchError(
        f"{beginning.path}: its classifier tells other classes apart: {said}.  begin it afresh "
        "with  --drop-head"
    )


def _by_number(path: str, old: Sequence[str], names: Sequence[str]) -> str:
    whose, pairs = "the data", zip(names, old, strict=False)
    if not _are_numbers(names):
        whose, pairs = "the weights", zip(old, names, strict=False)
    taken = [f"{number} is taken for {name!r}" for number, name in pairs]
    more = f" and {len(taken) - _NAMED:,} more" if len(taken) > _NAMED else ""
    return (
        f"{path}: its classifier is kept by number, as {whose} merely number their classes: "
        f"{', '.join(taken[:_NAMED])}{more}.  --drop-head begins it afresh"
    )


def _are_numbers(names: Sequence[str]) -> bool:
    return list(names) == [str(index) for index in range(len(names))]
