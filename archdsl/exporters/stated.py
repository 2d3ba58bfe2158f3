"""What a spec says of the images that its network was trained on, as a search noted it."""

from __future__ import annotations

from archdsl.data.preprocessing import NotStated, Preprocessing
from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, plain
from archdsl.specification import Spec

ADDRESS = "found.preprocessing"


def stated_in(spec: Spec) -> Preprocessing | None:
    """The preprocessing under `found:`; None for a spec that no search has found.

    Raises SpecError for one that is not as a search writes it.
    """
    found = spec.document.top.get("found")
    if not isinstance(found, Mapping) or "preprocessing" not in found:
        return None
    node = found.items["preprocessing"]
    said = plain(node)
    if said is None:
        return None
    try:
        return Preprocessing.from_spec(said)
    except NotStated as error:
        raise SpecError(
            str(error),
            address=ADDRESS,
            mark=found.marks.get("preprocessing", node.mark),
            cure="put it back as the search wrote it, or drop it",
        ) from None
