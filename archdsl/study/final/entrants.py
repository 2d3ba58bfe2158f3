"""Who is in a final round: plain data, as it stands on record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["kept", "default", "random", "baseline"]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A network that is trained anew. It may be there for several reasons.

    name: what it is called, and its folder: "trial-00012", "baseline-poolformer_s12"
    roles: "kept" is one of the best trials, "default" the one that the search started from,
        "random" the best of those that were drawn at random
    trial: its number, None for a baseline; decisions: its answers
    space, base: a baseline's own spec, as text, and the folder that its paths start from
    costs: every kind by name; network: equal for equal networks
    """

    name: str
    roles: tuple[Role, ...]
    trial: int | None
    decisions: dict[str, Any]
    costs: dict[str, int]
    network: str
    space: str | None = None
    base: str | None = None

    @property
    def of_the_space(self) -> bool:
        """Whether it is a member of the space that was searched, and may win."""
        return self.trial is not None

    def record(self) -> dict[str, Any]:
        """The entrant as values that JSON can hold."""
        return dataclasses.asdict(self) | {"roles": list(self.roles)}


def entrant(record: Mapping[str, Any]) -> Entrant:
    """The entrant that `record()` gave. Raises TypeError for what is none."""
    return Entrant(**{**record, "roles": tuple(record["roles"])})


def called(entrant: Entrant) -> str:
    """What an entrant is called in a sentence."""
    if "baseline" in entrant.roles:
        return entrant.name.removeprefix("baseline-")
    if "default" in entrant.roles:
        return "the default"
    if "random" in entrant.roles:
        return "the best at random"
    return f"trial {entrant.trial}"
