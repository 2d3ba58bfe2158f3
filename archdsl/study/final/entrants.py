"""Who is in a final round: plain data, as it stands on record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Role: TypeAlias = Literal["kept", "default", "nearest", "random", "baseline"]


@dataclass(frozen=True, slots=True)
class Entrant:
    """A network that is trained anew. It may be there for several reasons.

    name: what it is called, and its folder: "trial-00012", "baseline-poolformer_s12"
    roles: "kept" is one of the best trials, "default" the one that the search started from, or
        "nearest" where the default does not fit, "random" the best of those drawn at random
    also: names of baselines that are the same network
    trial: its number, in a proxy check the member's; None for a baseline; decisions: its answers
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
    also: tuple[str, ...] = ()

    @property
    def of_the_space(self) -> bool:
        """Whether it is a member of the space that was searched, and may win."""
        return self.trial is not None

    def record(self) -> dict[str, Any]:
        """The entrant as values that JSON can hold."""
        lists = {"roles": list(self.roles), "also": list(self.also)}
        return dataclasses.asdict(self) | lists


def entrant(record: Mapping[str, Any]) -> Entrant:
    """The entrant that `record()` gave. Raises TypeError for what is none."""
    given = {**record, "roles": tuple(record["roles"]), "also": tuple(record.get("also", ()))}
    return Entrant(**given)


def called(entrant: Entrant) -> str:
    """What an entrant is called in a sentence."""
    if entrant.trial is None:
        return entrant.name.removeprefix(BASELINE)
    name = f"trial {entrant.trial}"
    for role, words in _WORDS.items():
        if role in entrant.roles:
            name = words
    if entrant.also:
        same = " and ".join(one.removeprefix(BASELINE) for one in entrant.also)
        name += f" (the same network as {same})"
    return name


BASELINE = "baseline-"
"""What the name of one begins with."""

_WORDS = {
    "random": "the best at random",
    "nearest": "the member nearest to the default",
    "default": "the default",
}
