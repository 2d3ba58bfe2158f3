"""Which architectures a proxy check trains: spread over what the budget allows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from archdsl.study.final.entrants import Entrant
from archdsl.study.propose.members import Member, Members, member_of

if TYPE_CHECKING:
    from archdsl.language.settings import SearchSettings
    from archdsl.spaces import Space

POOL = 64
"""Members that are drawn for each that is trained, to know where the quantiles of the cost are."""


def drawn(space: Space, settings: SearchSettings, members: Members, many: int) -> list[Member]:
    """At most so many different networks inside the budget, the cheapest first.

    The members inside, all of a small space and else a large draw by the search's measure, are cut
    into as many groups of one size by their cost; each gives one at random. Fewer where no more
    are inside, or were found there.
    """
    draws = np.random.default_rng(settings.seed)
    by = cost_of(settings)
    everyone = members.inside(settings.budget)
    if everyone is not None:
        pool = sorted(everyone, key=lambda one: one.costs[by])
        if len(pool) <= many:
            return pool
        groups = np.array_split(np.arange(len(pool)), many)
        return [pool[int(draws.choice(group))] for group in groups]
    drawing = space.drawing(settings.budget, settings.measure)
    found = sorted(drawing.members(POOL * many, draws), key=lambda one: one.costs[by])
    chosen: dict[str, Member] = {}
    for group in np.array_split(np.arange(len(found)), many):
        for place in draws.permutation(group):
            member = member_of(space, space.of(found[place].decisions))
            if chosen.setdefault(member.network, member) is member:
                break
    return sorted(chosen.values(), key=lambda one: one.costs[by])


def cost_of(settings: SearchSettings) -> str:
    """The cost that members are spread over: the first that is bounded, else MACs."""
    return next(iter(settings.budget), "macs")


def rule_of(many: int, asked: int, settings: SearchSettings) -> str:
    """In words, by what so many were picked where so many were asked for."""
    if many < asked:
        return "different networks inside, of which no more were found"
    return f"one of each of {many} groups of members inside, by {cost_of(settings)}"


def entrants(found: Sequence[Member]) -> list[Entrant]:
    """The members as they stand on record."""
    return [
        Entrant(
            name=f"member-{number:03}",
            roles=(),
            trial=number,
            decisions=dict(member.decisions),
            costs=dict(member.costs),
            network=member.network,
        )
        for number, member in enumerate(found)
    ]
