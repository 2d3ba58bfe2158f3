"""What to try next: always inside the budget, never the same architecture twice.

The first trial is the default, or the member nearest to it that fits. After that proposal n
follows from (seed, n, the trials before it) alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.settings import SearchSettings
from archdsl.spaces.budget import inside
from archdsl.study.descent import nearest_to_default
from archdsl.study.identity import fingerprint
from archdsl.study.members import Member, Members, Progress, totals
from archdsl.study.seeds import generator, number
from archdsl.study.trial import Origin, Trial

if TYPE_CHECKING:
    from archdsl.cost import Cost
    from archdsl.spaces import Space
    from archdsl.specification import Spec
    from archdsl.study.tpe import Tpe

LIMIT = 10_000
"""Draws in a row that lead to nothing new before a search gives up."""

PATIENCE = 200
"""Such draws after which a small space is looked through instead."""

STARTUP = 10
"""Successful trials before TPE has anything to learn from; it draws at random until then."""

TPE_DRAWS = 32
"""Proposals of TPE for one trial, before it is clear that it only repeats itself."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A member inside the budget whose network was not tried yet."""

    spec: Spec
    cost: Cost
    network: str
    origin: Origin


class Proposals:
    """Proposes, given the trials that it was told of."""

    def __init__(
        self, space: Space, settings: SearchSettings, members: Members, progress: Progress
    ) -> None:
        self.space = space
        self.settings = settings
        self.members = members
        self._progress = progress
        self._seen: set[str] = set()
        self._successes = 0
        self._walk: Iterator[Spec] | None = None
        self._tpe: Tpe | None = None

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take note of finished trials."""
        if self.settings.sampler == "tpe" and self._tpe is None:
            from archdsl.study.tpe import Tpe

            self._tpe = Tpe(self.space, self.settings.objectives, self.settings.seed)
        for trial in trials:
            self._seen.add(trial.network)
            self._successes += trial.state == "complete"
            if self._tpe is not None:
                self._tpe.tell(trial)

    def next(self, trial_number: int) -> Proposal | None:
        """What trial `trial_number` is to try; None once everything inside was tried.

        Raises SearchError where `LIMIT` draws in a row lead to nothing new.
        """
        if trial_number == 0:
            spec = nearest_to_default(self.space, self.settings.budget, self.members)
            found = None if spec is None else self._new(spec, "default")
            if isinstance(found, Proposal):
                return found
        if self.settings.sampler == "grid":
            return self._next_in_order()
        return self._drawn(trial_number)

    def _drawn(self, trial_number: int) -> Proposal | None:
        draws = generator(self.settings.seed, "trial", trial_number)
        outside = 0
        for attempt in range(LIMIT):
            if attempt == PATIENCE:
                rest = self._untried()
                if rest is not None:
                    return self._one_of(rest, trial_number)
            if self._learned() and attempt < TPE_DRAWS:
                assert self._tpe is not None
                found = self._new(self._tpe.draw(trial_number, attempt), "tpe")
            else:
                spec = self.space.resolve(lambda _, hole: draws.choice(hole.answers))
                found = self._new(spec, "random")
            if isinstance(found, Proposal):
                return found
            outside += found == "outside"
            if attempt >= PATIENCE:
                self._progress(attempt + 1, LIMIT)
        raise _nothing_new(LIMIT, outside)

    def _one_of(self, rest: Sequence[Member], trial_number: int) -> Proposal | None:
        if not rest:
            return None
        pick = rest[number(self.settings.seed, "rest", trial_number) % len(rest)]
        spec = self.space.member(pick.decisions)
        return Proposal(spec, self.space.cost(spec), pick.network, "random")

    def _learned(self) -> bool:
        return self.settings.sampler == "tpe" and self._successes >= STARTUP

    def _next_in_order(self) -> Proposal | None:
        """The next member of the enumeration; where it stands follows from what was tried."""
        if self._walk is None:
            known = self.members.inside(self.settings.budget)
            self._walk = (
                self.space.enumerate()
                if known is None
                else (self.space.member(member.decisions) for member in known)
            )
        outside = 0
        for spec in self._walk:
            found = self._new(spec, "grid")
            if isinstance(found, Proposal):
                return found
            outside = outside + 1 if found == "outside" else 0
            if outside >= LIMIT:
                raise _nothing_new(LIMIT, outside)
            if outside > PATIENCE:
                self._progress(outside, LIMIT)
        return None

    def _untried(self) -> list[Member] | None:
        known = self.members.inside(self.settings.budget)
        if known is None:
            return None
        return [member for member in known if member.network not in self._seen]

    def _new(self, spec: Spec, origin: Origin) -> Proposal | str:
        """A proposal, or why it is none: "outside" the budget, "tried" before."""
        cost = self.space.cost(spec)
        if not inside(totals(cost), self.settings.budget):
            return "outside"
        network = fingerprint(spec.network())
        return "tried" if network in self._seen else Proposal(spec, cost, network, origin)


def _nothing_new(draws: int, outside: int) -> SearchError:
    if outside == draws:
        return SearchError(
            f"{draws:,} draws in a row were outside the budget.  widen search.budget, or take "
            "answers out of the space that lead outside"
        )
    return SearchError(
        f"{draws:,} draws in a row led to nothing new: {outside:,} were outside the budget, and "
        f"{draws - outside:,} were tried before.  the space may be exhausted; widen search.budget, "
        "or lower search.trials"
    )
