"""What to try next: always inside the budget, never the same architecture twice, unless one of
Optuna's own samplers was asked for.

The first trial is the default, or the member nearest to it that fits. After that proposal n
follows from (seed, n, the trials before it) alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from archdsl.errors import SearchError
from archdsl.settings import OPTUNA, SearchSettings
from archdsl.study.identity import Answered, answered, fingerprint
from archdsl.study.members import Member, Members, Progress
from archdsl.study.objectives import scores
from archdsl.study.optunas import OptunaSampler
from archdsl.study.samplers import Evolution, Gp, History, Proposer, Random, Seen, Tpe
from archdsl.study.seeds import number
from archdsl.study.start import nearest_to_default
from archdsl.study.trial import Origin, Trial

if TYPE_CHECKING:
    from archdsl.cost import Cost
    from archdsl.spaces import Space
    from archdsl.specification import Spec

LIMIT = 10_000
"""Draws in a row that lead to nothing new before a search gives up."""

PATIENCE = 200
"""Such draws after which a small space is looked through instead."""

STARTUP = 10
"""Successful trials before a sampler has anything to learn from; until then it draws at random."""

LEARNING: dict[str, type[Tpe] | type[Evolution] | type[Gp]] = {
    "tpe": Tpe, "evolution": Evolution, "gp": Gp,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Proposal:
    """A member, with what it costs and what its network is."""

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
        self._answered: set[Answered] = set()
        self._history = History()
        self._walk: Iterator[Spec] | None = None
        budget = settings.budget
        self._random = Random(space, budget, settings.measure)
        self._learning: Proposer = self._random
        if settings.sampler in LEARNING:
            self._learning = LEARNING[settings.sampler](space, budget, settings.measure)
        self._optunas: OptunaSampler | None = None
        if settings.sampler.startswith(OPTUNA):
            self._optunas = OptunaSampler(space, settings)

    @property
    def by_cost(self) -> bool:
        """Whether proposals are drawn by what layers cost, so that the cost table is needed."""
        return self._optunas is None and self.settings.sampler != "grid"

    def tell(self, trials: Sequence[Trial]) -> None:
        """Take note of finished trials."""
        for trial in trials:
            own = None if trial.values is None else scores(self.settings.objectives, trial)
            self.note(trial.network, Seen(trial.number, trial.decisions, own))
            if self._optunas is not None:
                self._optunas.tell(trial)

    def note(self, network: str, seen: Seen | None) -> None:
        """Never propose a network again; learn from its trial, if that is finished."""
        self._seen.add(network)
        if seen is not None:
            self._history.add(seen)
            self._answered.add(answered(seen.decisions))

    def next(self, trial_number: int) -> Proposal | None:
        """What trial `trial_number` is to try; None once everything inside was tried.

        Raises SearchError where `LIMIT` draws in a row lead to nothing new.
        """
        if trial_number == 0:
            spec = nearest_to_default(self.space, self.settings.budget, self.members)
            found = None if spec is None else self._new(spec, "default")
            if found is not None:
                return found
        if self._optunas is not None:
            spec = self._optunas.propose()
            return Proposal(spec, self.space.cost(spec), fingerprint(spec.network()), "optuna")
        if self.settings.sampler == "grid":
            return self._next_in_order()
        return self._drawn(trial_number)

    def _drawn(self, trial_number: int) -> Proposal | None:
        draws = np.random.default_rng(number(self.settings.seed, "trial", trial_number))
        learned = self._history.successes >= STARTUP
        proposer = self._learning if learned else self._random
        for attempt, drawn in enumerate(proposer.propose(self._history, draws)):
            if attempt == PATIENCE:
                rest = self._untried()
                if rest is not None:
                    return self._one_of(rest, trial_number)
            # the same answers are the same network: so much is seen without making it
            if answered(drawn.decisions) not in self._answered:
                found = self._new(self.space.of(drawn.decisions), proposer.origin)
                if found is not None:
                    return found
            if attempt >= PATIENCE:
                self._progress(attempt + 1, LIMIT)
            if attempt + 1 >= LIMIT:
                break
        raise _nothing_new()

    def _one_of(self, rest: Sequence[Member], trial_number: int) -> Proposal | None:
        if not rest:
            return None
        pick = rest[number(self.settings.seed, "rest", trial_number) % len(rest)]
        spec = self.space.member(pick.decisions)
        return Proposal(spec, self.space.cost(spec), pick.network, "random")

    def _next_in_order(self) -> Proposal | None:
        """The next member of the enumeration; where it stands follows from what was tried."""
        if self._walk is None:
            known = self.members.inside(self.settings.budget)
            self._walk = (
                self.space.enumerate()
                if known is None
                else (self.space.member(member.decisions) for member in known)
            )
        for visited, spec in enumerate(self._walk):
            found = self._new(spec, "grid")
            if found is not None:
                return found
            if visited >= PATIENCE:
                self._progress(visited, self.space.size)
        return None

    def _untried(self) -> list[Member] | None:
        known = self.members.inside(self.settings.budget)
        if known is None:
            return None
        return [member for member in known if member.network not in self._seen]

    def _new(self, spec: Spec, origin: Origin) -> Proposal | None:
        """A proposal, unless it is outside the budget or was tried before."""
        cost = self.space.cost(spec)
        if not self.settings.budget.allows(cost):
            return None
        network = fingerprint(spec.network())
        return None if network in self._seen else Proposal(spec, cost, network, origin)


def _nothing_new() -> SearchError:
    return SearchError(
        f"{LIMIT:,} draws inside the budget led to nothing that was not tried before.  the space "
        "may be exhausted; widen search.budget, or lower search.trials"
    )
