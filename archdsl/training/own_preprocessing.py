"""What a datamodule of the user's own says of its images: an attribute, or a method."""

from __future__ import annotations

from typing import Any

from archdsl.compiler.network import Shape
from archdsl.data.preprocessing import NotStated, Preprocessing, stated
from archdsl.errors import SearchError


def said_by(
    datamodule: Any, name: str, input_shape: Shape, classes: int
) -> tuple[Preprocessing, tuple[str, ...]]:
    """What `preprocessing` of a datamodule says, and a note on what it does not say.

    Raises SearchError for a statement that cannot be so.
    """
    channels, height, width = input_shape
    place = "search.proxy.datamodule"
    said = getattr(datamodule, "preprocessing", None)
    if callable(said):
        try:
            said = said()
        except Exception as error:
            raise SearchError(
                f"{place}: its preprocessing() failed ({type(error).__name__}: {error}).  it takes "
                "no arguments and returns a mapping"
            ) from error
    try:
        found = stated({} if said is None else said, channels, (height, width), classes, where="it")
    except NotStated as error:
        raise SearchError(
            f"{place}: the preprocessing of {name} is not right: {error}.  mend it, or drop it"
        ) from None
    missing = [
        *([] if found.class_names else ["CLASSES"]),
        *([] if found.pixels else ["preprocess()"]),
    ]
    if not missing:
        return found, ()
    return found, (
        f"{name} does not say so in `preprocessing`, and the winner's code has no "
        f"{' and no '.join(missing)}",
    )
