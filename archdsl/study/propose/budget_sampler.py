"""For a program with a study of its own: our samplers as Optuna's.

sampler = archdsl.BudgetSampler(space, {"macs": "2G"})
study = optuna.create_study(direction="maximize", sampler=sampler)
study.optimize(lambda trial: judged(archdsl.suggest(trial, space)), n_trials=100)
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from archdsl.errors import SearchError, SpecError
from archdsl.given import word
from archdsl.language.search_section import SAMPLERS
from archdsl.language.settings import SearchSettings
from archdsl.printable import shown
from archdsl.spaces import Space
from archdsl.spaces.arguments import budget_of, check_measure, whole
from archdsl.spelling import did_you_mean, similar
from archdsl.study.distributions import (
    check_space,
    distribution,
    fixed_answer,
    to_answer,
    to_optuna,
)
from archdsl.study.propose.fingerprints import fingerprint
from archdsl.study.propose.fixed import Fixed
from archdsl.study.propose.members import Members
from archdsl.study.propose.nothing_left import nothing_left
from archdsl.study.propose.proposals import Proposals
from archdsl.study.propose.samplers import Seen
from archdsl.study.propose.seeds import number
from archdsl.study.survey import survey

if TYPE_CHECKING:
    from archdsl.language.holes import Answer
    from archdsl.spaces.arguments import Measure
    from archdsl.specification import Spec

_PROPOSED = "archdsl:proposed"
"""The attribute of a trial with all that was proposed: what it has asked so far may be less."""


_OPEN = object()
"""What a sampler around this one is told of a decision that it asks this one for."""


class BudgetSampler(BaseSampler):
    """Proposes members inside a budget that no trial of the study has tried or is trying.

    budget: as in a spec, `{"macs": "2G"}` or `{"macs": [1.5e9, 2e9]}`; None for no bound
    name: "gp", "tpe", "evolution", "random" or "grid"
    measure: what random means: "stagewise" or "uniform", as in `Space.sample`
    The objective asks by `suggest`. Proposal n follows from the seed, n, and the trials that are
    finished or under way; a trial that failed counts as the worst. Parameters of the objective's
    own are drawn at random. What is fixed, by `study.enqueue_trial`, by Optuna's
    PartialFixedSampler around this one or in a trial that is tried again, stays so: a decision of
    the space is then asked, and the rest is drawn among the members inside the budget that
    answer it so. Raises SpecError for what is no budget, InfeasibleBudget where nothing fits, and
    SearchError for another name. When asked, raises SearchError once everything was tried, and
    where nothing inside has what is fixed.
    """

    def __init__(
        self,
        space: Space,
        budget: Mapping[str, Any] | None,
        name: str = "gp",
        *,
        seed: int = 0,
        measure: Measure = "stagewise",
    ) -> None:
        name = word("a sampler", name, SearchError)
        if name not in SAMPLERS:
            hint = did_you_mean(name, SAMPLERS, after="  ")
            raise SearchError(
                f"no sampler is called {shown(name)}.  {hint}choose from {', '.join(SAMPLERS)}"
            )
        check_measure(measure)
        check_space(space)
        self.space = space
        self.settings = SearchSettings(
            budget=budget_of(budget), sampler=name, measure=measure, seed=whole(seed, "a seed")
        )
        survey(space, self.settings.budget, _silent)
        self._members = Members(space, _silent)
        self._distributions = {
            address: distribution(hole) for address, hole in space.decisions.items()
        }
        self._probes = {a: copy.copy(known) for a, known in self._distributions.items()}
        self._studies: WeakKeyDictionary[Study, _StudyTrials] = WeakKeyDictionary()
        self._one_at_a_time = Lock()  # two workers must not be given the same member

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Every decision that some member takes."""
        return dict(self._distributions)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A whole member: the decisions that it takes, less what is not in `search_space`."""
        fixed = self._fixed(study, trial, search_space)
        with self._one_at_a_time:
            values = self._proposed_before(trial, fixed)
            if values is None:
                values = self._proposed(study, trial, fixed)
        return {address: value for address, value in values.items() if address in search_space}

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A parameter that was not proposed with the others: at random."""
        if param_distribution is self._probes.get(param_name):
            return _OPEN
        attributes = study._storage.get_trial(trial._trial_id).system_attrs
        proposed = attributes.get(_PROPOSED, {})
        if param_distribution == self._distributions.get(param_name) and param_name in proposed:
            return proposed[param_name]
        seed = number(self.settings.seed, "own", trial.number, param_name)
        return RandomSampler(seed).sample_independent(study, trial, param_name, param_distribution)

    def _proposed(
        self, study: Study, trial: FrozenTrial, fixed: Mapping[str, Answer]
    ) -> dict[str, Any]:
        """A new proposal as Optuna's values, noted with the trial."""
        told = self._studies.get(study)
        if told is None:
            proposals = Proposals(self.space, self.settings, self._members, _silent)
            told = self._studies[study] = _StudyTrials(self.space, proposals)
        told.read(study, trial.number)
        proposal = told.proposals.next(trial.number, fixed)
        if proposal is None:
            having = told.proposals.source(fixed).fixed
            raise nothing_left(self.settings.budget, self._members, having)
        values = {
            address: to_optuna(self.space.decisions[address], answer)
            for address, answer in proposal.spec.decisions.items()
        }
        study._storage.set_trial_system_attr(trial._trial_id, _PROPOSED, values)
        return values

    def _proposed_before(
        self, trial: FrozenTrial, fixed: Mapping[str, Answer]
    ) -> dict[str, Any] | None:
        """What was proposed for this very trial, or for the one that it tries again."""
        values: dict[str, Any] | None = trial.system_attrs.get(_PROPOSED)
        member = None if values is None else _member(self.space, values)
        if member is None or not Fixed(self.space, fixed).has(member.decisions):
            return None
        return values if self.settings.budget.allows(self.space.cost(member)) else None

    def _fixed(
        self, study: Study, trial: FrozenTrial, search_space: Mapping[str, BaseDistribution]
    ) -> dict[str, Answer]:
        """The answers that are not ours to give. Raises SpecError for what is no answer."""
        given: dict[str, Any] = {}
        around = _around(study.sampler)
        self._check_names(around)
        given |= {address: around[address] for address in self._distributions if address in around}
        for address in self._distributions.keys() - search_space.keys() - given.keys():
            # a sampler around this one keeps it for itself: it says to what, if it knows
            probe = self._probes[address]
            try:
                value = study.sampler.sample_independent(study, trial, address, probe)
            except ValueError as error:
                raise SearchError(f"{address}: {error}") from None
            if value is not _OPEN:
                given[address] = value
        queued = trial.system_attrs.get("fixed_params", {})
        self._check_names(queued)
        given |= queued | trial.params
        return {
            address: fixed_answer(hole, given[address], address)
            for address, hole in self.space.decisions.items()
            if address in given
        }

    def _check_names(self, names: Mapping[str, Any]) -> None:
        """Refuse what is nearly a decision; what is none at all is the objective's own."""
        places = {address.partition(".")[0] for address in self._distributions}
        for name in names:
            place, dot, _ = name.partition(".")
            if name in self._distributions or not dot:
                continue
            close = similar(name, self._distributions, alike=0.85)
            if close or place in places:
                there = list(self._distributions)
                more = ", ..." if len(there) > 4 else ""
                cure = (
                    f"did you mean {close[0]}?"
                    if close
                    else (f"it has {', '.join(there[:4])}{more}")
                )
                raise SearchError(f"{name} is fixed, and the space has no such decision.  {cure}")


def _around(sampler: BaseSampler) -> dict[str, Any]:
    """What samplers around another one fix, as Optuna's PartialFixedSampler keeps it.

    Optuna passes over a name that nobody asks for, and tells nobody.
    """
    fixed: dict[str, Any] = {}
    inner: Any = sampler
    while inner is not None:
        fixed = getattr(inner, "_fixed_params", {}) | fixed
        inner = getattr(inner, "_base_sampler", None)
    return fixed


class _StudyTrials:
    """The trials of a study as proposals follow from them."""

    def __init__(self, space: Space, proposals: Proposals) -> None:
        self.space = space
        self.proposals = proposals
        self._finished: set[int] = set()

    def read(self, study: Study, asking: int) -> None:
        """Take note of what came since; a trial under way is pending, and not to be tried again.

        asking: the number of the trial that is to be proposed for
        """
        for trial in study.get_trials(deepcopy=False):
            if trial.number in self._finished:
                continue
            if trial.number == asking:
                self.proposals.forget(asking)
                continue
            if trial.state is TrialState.WAITING:
                continue
            over = trial.state.is_finished()
            if over:
                self._finished.add(trial.number)
            member = self._member(trial)
            if member is None:
                self.proposals.forget(trial.number)
                continue
            network = fingerprint(member.network())
            self.proposals.pending(trial.number, network, member.decisions)
            if over:
                self.proposals.learn(Seen(trial.number, member.decisions, _scores(study, trial)))

    def _member(self, trial: FrozenTrial) -> Spec | None:
        """What a trial tried; None where it was no member of the space."""
        proposed, params = trial.system_attrs.get(_PROPOSED, {}), trial.params
        found = _member(self.space, params) or _member(self.space, {**proposed, **params})
        if found is None and all(params.get(a, value) == value for a, value in proposed.items()):
            # the objective asked for more decisions than the member takes
            found = _member(self.space, proposed)
        return found


def _member(space: Space, params: Mapping[str, Any]) -> Spec | None:
    """The member with these parameters, or None."""
    holes = space.decisions
    try:
        answers = {a: to_answer(holes[a], v, a) for a, v in params.items() if a in holes}
        return space.member(answers)
    except SpecError:
        return None


def _scores(study: Study, trial: FrozenTrial) -> tuple[float, ...] | None:
    """The values signed so that larger is better; None for what failed or broke a constraint."""
    values = trial.values
    if values is None or not all(map(math.isfinite, values)):
        return None
    if any(constraint > 0 for constraint in trial.constraints.values()):
        return None
    return tuple(
        value if direction is StudyDirection.MAXIMIZE else -value
        for direction, value in zip(study.directions, values, strict=True)
    )


def _silent(done: int, total: int) -> None:
    pass
