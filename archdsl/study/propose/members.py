"""Every member of a small space, visited once and remembered by what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archdsl.progress import Progress
from archdsl.study.propose.fingerprints import fingerprint

if TYPE_CHECKING:
    from archdsl.amounts import Budget
    from archdsl.spaces import Space
    from archdsl.specification import Spec

ENUMERABLE = 5_000
"""Spaces of at most this many members are visited whole: seconds, not minutes."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a space: its answers, its costs, and what its network is."""

    decisions: dict[str, Any]
    costs: dict[str, int]
    network: str


def member_of(space: Space, spec: Spec) -> Member:
    """A spec as a member."""
    return Member(dict(spec.decisions), space.cost(spec).totals(), fingerprint(spec.network()))


class Members:
    """The members of a space, visited when somebody first asks and there are few enough."""

    def __init__(self, space: Space, progress: Progress) -> None:
        self.space = space
        self._progress = progress
        self._all: list[Member] | None = None

    def all(self) -> list[Member] | None:
        """Every member, or None for a space that is too large."""
        if self._all is None and self.space.size <= ENUMERABLE:
            found = []
            for spec in self.space.enumerate():
                found.append(member_of(self.space, spec))
                self._progress(len(found), self.space.size)
            self._all = found
        return self._all

    def inside(self, budget: Budget) -> list[Member] | None:
        """The members inside a budget, one for each distinct network, in their order."""
        members = self.all()
        if members is None:
            return None
        first: dict[str, Member] = {}
        for member in members:
            if budget.allows(member.costs):
                first.setdefault(member.network, member)
        return list(first.values())
