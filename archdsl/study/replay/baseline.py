"""A baseline's own spec, trained by the proxy of the space as it is now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.language.nodes import Mapping, plain
from archdsl.loading import space_from_text
from archdsl.study.final.entrants import called
from archdsl.study.identity.evidence import evidence

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.final.entrants import Entrant
    from archdsl.study.record.state import State


def baseline_space(entrant: Entrant, space: Space, imports: bool) -> Space:
    """The space of one member that a baseline is, with the proxy of the space it was held against.

    What is on record of its proxy is where the data lay then.

    imports: whether its own Python may run. Raises SpecError where it may not, or is gone.
    """
    assert entrant.space is not None and entrant.base is not None, "a baseline has a spec"
    section = space.spec.document.top.get("search")
    given = section.items.get("proxy") if isinstance(section, Mapping) else None
    proxy = {key: plain(value) for key, value in given.items.items()} if isinstance(
        given, Mapping
    ) else {}  # fmt: skip
    folder = str(Path(space.spec.settings().proxy.folder).absolute())
    patches = {"search.proxy": {**proxy, "folder": folder}}
    return space_from_text(entrant.space, Path(entrant.base), patches, imports=imports)


def unrecorded(state: State, entrant: Entrant, its: Space) -> tuple[str, ...]:
    """What a baseline imports and the record holds no such content of, in words.

    A search puts on record what its space follows from, and the files of a baseline where they
    are the same.
    """
    assert state.evidence is not None, "a training on record has it"
    known = set(state.evidence["files"].values())
    files = evidence(its, its.spec.settings().proxy).files
    return tuple(
        f"{name}, which {called(entrant)} imports, is not on record, and may be another"
        for name, digest in files.items() if digest not in known
    )  # fmt: skip
