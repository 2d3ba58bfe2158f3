"""Specs that a search is compared with: shipped or of the user's own, on the space's input.

A baseline becomes a space of one member with the proxy and the objectives of the space, so that
whatever trains candidates trains it alike.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl import shipped
from archdsl.errors import ArchError, SearchError
from archdsl.language.load import document_from_file
from archdsl.language.nodes import Mapping
from archdsl.language.settings import SearchSettings
from archdsl.language.write import write
from archdsl.loading import finished, looked_at, space_from_text
from archdsl.study.final.entrants import BASELINE, Entrant
from archdsl.study.propose.fingerprints import fingerprint

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.specification import Spec

_ADDRESS = "search.baselines"


def baselines(space: Space, settings: SearchSettings) -> list[Entrant]:
    """The baselines of a search, each built and counted on the input and classes of its space.

    Raises SearchError for one that cannot be read, is itself a space, cannot take that input, or
    is outside the budget.
    """
    found = [_entrant(written, space, settings) for written in settings.baselines]
    names = [one.name for one in found]
    return [  # files of one name in two folders are two baselines
        replace(one, name=f"{one.name}-{names[:at].count(one.name) + 1}")
        if one.name in names[:at] else one
        for at, one in enumerate(found)
    ]  # fmt: skip


def _entrant(written: str, space: Space, settings: SearchSettings) -> Entrant:
    shape = space.default().network().input
    try:
        path = _path(written, space)
    except ArchError as error:
        raise SearchError(f"{_ADDRESS}: {error}") from None
    try:
        spec = _spec(path, space)
    except ArchError as error:
        raise SearchError(
            f"{_ADDRESS}: {written} does not fit: {error}.  it is built on the input of the space, "
            f"{'x'.join(map(str, shape))}; write a spec for that, or drop it"
        ) from None
    if spec.is_space:
        raise SearchError(
            f"{_ADDRESS}: {written} is a space, and a baseline has nothing left to decide.  name "
            "a spec, or a file in which the holes are filled"
        )
    text, base = _text(spec, space), str(spec.folder.absolute())
    try:
        cost = space_from_text(text, Path(base)).cost(spec)
    except ArchError as error:
        raise SearchError(f"{_ADDRESS}: {written} does not fit: {error}.  drop it") from None
    if not settings.budget.allows(cost):
        has = ", ".join(f"{cost[name]:,} {name}" for name in settings.budget)
        raise SearchError(
            f"{_ADDRESS}: {written} has {has}, and the budget is {settings.budget}.  write a "
            "smaller one that extends it, or drop it"
        )
    return Entrant(
        name=f"{BASELINE}{_slug(written)}",
        roles=("baseline",),
        trial=None,
        decisions={},
        costs=cost.totals(),
        network=fingerprint(spec.network()),
        space=text,
        base=base,
    )


def _path(written: str, space: Space) -> Path:
    """Where a baseline is written. Raises ArchError."""
    document = space.spec.document
    if "/" in written or written.endswith((".yaml", ".yml")):
        path = document.folder / written
        document.reach.file(path, _ADDRESS)
        return path
    return shipped.shipped(written)


def _spec(path: Path, space: Space) -> Spec:
    """A baseline on the space's input. Raises ArchError."""
    document = space.spec.document
    own = space.default().network()
    patches = {"input": list(own.input), "classes": own.classes}
    spec = looked_at(finished(document_from_file(path, type(document.reach)), patches, True))
    if not spec.is_space:
        spec.network()
    return spec


def _text(spec: Spec, space: Space) -> str:
    """A baseline as a space of one member that is trained like those of another."""
    section = space.spec.document.top.get("search")
    given = dict(section.items) if isinstance(section, Mapping) else {}
    proxy = given.get("proxy")
    search: dict[str, Any] = {key: given[key] for key in ("maximize", "minimize") if key in given}
    folder = str(Path(space.spec.settings().proxy.folder).absolute())
    search["proxy"] = {**(proxy.items if isinstance(proxy, Mapping) else {}), "folder": folder}
    return f"{spec.as_text().text}\n{write({'search': search})}"


def _slug(written: str) -> str:
    """What a baseline is called in a folder's name."""
    return re.sub(r"[^\w-]+", "_", Path(written).stem)
