"""What to try next: always inside the budget, never the same architecture twice, unless one of
Optuna's own samplers was asked for.

The first trial is the default, or the member nearest to it that fits. After that proposal n
follows from (seed, n, the results that it knows of, which trials are pending, and what answers are
fixed for it) alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.errors import SearchError
from archdsl.language.settings import OPTUNA, SearchSettings
from archdsl.progress import Progress
from archdsl.study.objectives import scores
from archdsl.study.propose.fingerprints import Answered, answered, digest, fingerprint
from archdsl.study.propose.fixed import Fixed
from archdsl.study.propose.members import Member, Members
from archdsl.study.propose.optunas import OptunaSampler
from archdsl.study.propose.samplers import Evolution, Gp, History, Proposer, Random, Seen, Tpe
from archdsl.study.propose.seeds import number
from archdsl.study.propose.start import nearest_to_default
from archdsl.study.trial import Origin, Trial

if TYPE_CHECKING:
    from archdsl.cost import Cost
    from archdsl.spaces import Space
    from archdsl.specification import Spec

LIMIT = 10_000
"""Draws in a row that lead to nothing new before a search gives up."""

PATIENCE = 200
"""Such draws after which a small space is looked through instead."""

KEPT = 8
"""Sets of fixed answers whose samplers are kept; they are made again from the trials."""

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


class _Source:
    """The samplers for the members that have certain answers. walk: where "grid" stands."""

    def __init__(self, space: Space, settings: SearchSettings, fixed: Fixed) -> None:
        budget, measure = settings.budget, settings.measure
        self.fixed = fixed
        self.random = Random(space, budget, measure, fixed)
        self.learning: Proposer = self.random
        if settings.sampler in LEARNING:
            self.learning = LEARNING[settings.sampler](space, budget, measure, fixed)
        self.walk: Iterator[Spec] | None = None


class Proposals:
    """Proposes, given the trials that it was told of: taken, which is to say pending, or over."""

    def __init__(
        self, space: Space, settings: SearchSettings, members: Members, progress: Progress
    ) -> None:
        self.space = space
        self.settings = settings
        self.members = members
        self._progress = progress
        self._seen: set[str] = set()
        self._answered: set[bytes] = set()
        self._history = History()
        self._free = _Source(space, settings, Fixed(space))
        self._sources: dict[Answered, _Source] = {}
        self._optunas: OptunaSampler | None = None
        if settings.sampler.startswith(OPTUNA):
            self._optunas = OptunaSampler(space, settings)

    @property
    def by_cost(self) -> bool:
        """Whether proposals are drawn by what layers cost, so that the cost table is needed."""
        in_order = self._optunas is not None or self.settings.sampler == "grid"
        return not in_order or self.settings.random_share > 0

    @property
    def learns(self) -> bool:
        """Whether proposals follow from results, so that they have to be waited for."""
        return self.settings.sampler not in ("random", "grid")

    def take(self, trial: Trial) -> None:
        """Take note of the trial that was proposed next, before any later proposal."""
        self.pending(trial.number, trial.network, trial.decisions)
        if self._optunas is not None:
            self._optunas.take(trial)

    def tell(self, trial: Trial) -> None:
        """Learn from a trial that is over."""
        own = None if trial.values is None else scores(self.settings.objectives, trial)
        self.learn(Seen(trial.number, trial.decisions, own))
        if self._optunas is not None:
            self._optunas.tell(trial)

    def pending(self, number: int, network: str, decisions: Mapping[str, Any]) -> None:
        """Never propose a network again; its trial has no result yet."""
        self._seen.add(network)
        self._answered.add(digest(decisions))
        self._history.wait(number, decisions)

    def learn(self, seen: Seen) -> None:
        """Learn from the result of a trial that was pending."""
        self._history.add(seen)

    def forget(self, number: int) -> None:
        """Wait no longer for a trial: nothing is to be learnt from it."""
        self._history.forget(number)

    def next(self, trial_number: int, fixed: Mapping[str, Any] | None = None) -> Proposal | None:
        """What trial `trial_number` is to try; None once everything inside was tried.

        fixed: answers that it is to have, drawn among the members that have them
        Raises SearchError where `LIMIT` draws in a row lead to nothing new.
        """
        source = self.source(fixed or {})
        if not source.fixed.possible:
            return None
        whole = source.fixed.whole()
        if whole is not None:
            return self._new(whole, "random")
        if trial_number == 0:
            spec = nearest_to_default(self.space, self.settings.budget, self.members, source.fixed)
            found = None if spec is None else self._new(spec, "default")
            if found is not None:
                return found
        if self._at_random(trial_number):
            return self._drawn(trial_number, source, source.random)
        if self._optunas is not None:
            spec = self._optunas.propose()
            return Proposal(spec, self.space.cost(spec), fingerprint(spec.network()), "optuna")
        if self.settings.sampler == "grid":
            return self._next_in_order(source)
        learned = self._history.successes >= STARTUP
        return self._drawn(trial_number, source, source.learning if learned else source.random)

    def _at_random(self, trial_number: int) -> bool:
        """Whether a trial is one of those that are random whatever was learnt, evenly spread."""
        share = self.settings.random_share
        return floor(trial_number * share) > floor((trial_number - 1) * share)

    def source(self, fixed: Mapping[str, Any]) -> _Source:
        """What is drawn from where some answers are fixed."""
        if not fixed:
            return self._free
        key = answered(fixed)
        found = self._sources.pop(key, None)
        if found is None:
            found = _Source(self.space, self.settings, Fixed(self.space, fixed))
        self._sources[key] = found  # the last used stands last
        if len(self._sources) > KEPT:
            del self._sources[next(iter(self._sources))]
        return found

    def _drawn(self, trial_number: int, source: _Source, proposer: Proposer) -> Proposal | None:
        draws = np.random.default_rng(number(self.settings.seed, "trial", trial_number))
        attempt = None
        for attempt, drawn in enumerate(proposer.propose(self._history, draws)):
            if attempt == PATIENCE:
                rest = self._untried(source)
                if rest is not None:
                    return self._one_of(rest, trial_number)
            # the same answers are the same network: so much is seen without making it
            if digest(drawn.decisions) not in self._answered:
                found = self._new(self.space.of(drawn.decisions), proposer.origin)
                if found is not None:
                    return found
            if attempt >= PATIENCE:
                self._progress(attempt + 1, LIMIT)
            if attempt + 1 >= LIMIT:
                break
        if attempt is None and source.fixed.answers:
            return None  # not even one draw came out
        rest = self._untried(source)
        if rest is None:
            raise _nothing_new(source.fixed)
        return self._one_of(rest, trial_number)

    def _one_of(self, rest: Sequence[Member], trial_number: int) -> Proposal | None:
        if not rest:
            return None
        pick = rest[number(self.settings.seed, "rest", trial_number) % len(rest)]
        spec = self.space.member(pick.decisions)
        return Proposal(spec, self.space.cost(spec), pick.network, "random")

    def _next_in_order(self, source: _Source) -> Proposal | None:
        """The next member of the enumeration; where it stands follows from what was tried."""
        if source.walk is None:
            known = self.members.all()
            source.walk = (
                source.fixed.enumerate()
                if known is None
                else (
                    self.space.member(member.decisions)
                    for member in known
                    if self.settings.budget.allows(member.costs)
                    and source.fixed.has(member.decisions)
                )
            )
        for visited, spec in enumerate(source.walk):
            found = self._new(spec, "grid")
            if found is not None:
                return found
            if visited >= PATIENCE:
                self._progress(visited, self.space.size)
        return None

    def _untried(self, source: _Source) -> list[Member] | None:
        known = source.fixed.members(self.members)
        if known is None:
            return None
        first: dict[str, Member] = {}
        for member in known:
            if member.network not in self._seen and self.settings.budget.allows(member.costs):
                first.setdefault(member.network, member)
        return list(first.values())

    def _new(self, spec: Spec, origin: Origin) -> Proposal | None:
        """A proposal, unless it is outside the budget or was tried before."""
        cost = self.space.cost(spec)
        if not self.settings.budget.allows(cost):
            return None
        network = fingerprint(spec.network())
        return None if network in self._seen else Proposal(spec, cost, network, origin)


def _nothing_new(fixed: Fixed) -> SearchError:
    having = f" with {fixed.words()}" if fixed.answers else ""
    return SearchError(
        f"{LIMIT:,} draws inside the budget{having} led to nothing that was not tried before.  "
        "the space may be exhausted; widen search.budget, or lower search.trials"
    )
