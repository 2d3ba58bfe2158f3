"""Whether the classifier of the weights to begin with tells the classes of the data apart."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.errors import SearchError
from archdsl.full_training.asked import Beginning


def refuse_other_classes(beginning: Beginning, names: Sequence[str]) -> None:
    """Raise SearchError where a logit of the weights is of another class than of the data.

    names: of the classes of the data, in the order of the labels; empty where nobody says them
    """
    old = beginning.class_names
    if not old or not names or tuple(names) == old:
        return
    if set(old) != set(names) and (_are_numbers(old) or _are_numbers(names)):
        return  # an .npz file numbers its classes, and says no names
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


def _are_numbers(names: Sequence[str]) -> bool:
    return list(names) == [str(index) for index in range(len(names))]
