"""For a program with a study of its own: our samplers as Optuna's.

sampler = archdsl.BudgetSampler(space, {"macs": "2G"})
study = optuna.create_study(direction="maximize", sampler=sampler)
study.optimize(lambda trial: judged(archdsl.suggest(trial, space)), n_trials=100)
"""

from __future__ import annotations

import difflib
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
from archdsl.settings import SearchSettings
from archdsl.spaces import Space
from archdsl.spaces.arguments import check_measure, whole
from archdsl.spaces.budget import budget_of
from archdsl.spec.search_section import SAMPLERS
from archdsl.study.distributions import distribution, to_answer, to_optuna
from archdsl.study.identity import fingerprint
from archdsl.study.members import Members
from archdsl.study.proposals import Proposals
from archdsl.study.samplers import Seen
from archdsl.study.seeds import number
from archdsl.study.survey import survey

if TYPE_CHECKING:
    from archdsl.spaces.arguments import Measure
    from archdsl.specification import Spec

_PROPOSED = "archdsl:proposed"
"""The attribute of a trial with all that was proposed: what it has asked so far may be less."""


class BudgetSampler(BaseSampler):
    """Proposes members inside a budget that no trial of the study has tried or is trying.

    budget: as in a spec, `{"macs": "2G"}` or `{"macs": [1.5e9, 2e9]}`; None for no bound
    name: "gp", "tpe", "evolution", "random" or "grid"
    measure: what random means: "stagewise" or "uniform", as in `Space.sample`
    The objective asks by `suggest`. Proposal n follows from the seed, n, and the trials that are
    finished or under way; a trial that failed counts as the worst. Parameters of the objective's
    own are drawn at random. Raises SpecError for what is no budget, InfeasibleBudget where
    nothing fits, and SearchError for another name and, when asked, once everything was tried.
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
        if name not in SAMPLERS:
            close = difflib.get_close_matches(str(name), SAMPLERS, n=1)
            hint = f"did you mean '{close[0]}'?  " if close else ""
            raise SearchError(
                f"no sampler is called '{name}'.  {hint}choose from {', '.join(SAMPLERS)}"
            )
        check_measure(measure)
        if not isinstance(space, Space):
            raise SearchError(f"a space is what archdsl.space(...) gives, not {space!r}")
        self.space = space
        self.settings = SearchSettings(
            budget=budget_of(budget), sampler=name, measure=measure, seed=whole(seed, "a seed")
        )
        survey(space, self.settings.budget, _silent)
        self._members = Members(space, _silent)
        self._distributions = {
            address: distribution(hole) for address, hole in space.decisions.items()
        }
        self._studies: WeakKeyDictionary[Study, _Told] = WeakKeyDictionary()
        self._one_at_a_time = Lock()  # two workers must not be given the same member

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        """Every decision that some member takes."""
        return dict(self._distributions)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """A whole member: the decisions that it takes, and no others."""
        with self._one_at_a_time:
            told = self._studies.get(study)
            if told is None:
                proposals = Proposals(self.space, self.settings, self._members, _silent)
                told = self._studies[study] = _Told(self.space, proposals)
            told.read(study)
            proposal = told.proposals.next(trial.number)
            if proposal is None:
                raise SearchError("every architecture inside the budget was tried")
            values = {
                address: to_optuna(self.space.decisions[address], answer)
                for address, answer in proposal.spec.decisions.items()
            }
            study._storage.set_trial_system_attr(trial._trial_id, _PROPOSED, values)
        return values

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """A parameter that is no decision of the space: at random."""
        seed = number(self.settings.seed, "own", trial.number, param_name)
        return RandomSampler(seed).sample_independent(study, trial, param_name, param_distribution)


class _Told:
    """The trials of a study as proposals follow from them."""

    def __init__(self, space: Space, proposals: Proposals) -> None:
        self.space = space
        self.proposals = proposals
        self._finished: set[int] = set()

    def read(self, study: Study) -> None:
        """Take note of what came since; a trial under way is only not to be tried again."""
        for trial in study.get_trials(deepcopy=False):
            if trial.number in self._finished or trial.state is TrialState.WAITING:
                continue
            if trial.state.is_finished():
                self._finished.add(trial.number)
            member = self._member(trial)
            if member is None:
                continue
            network = fingerprint(member.network())
            seen = None
            if trial.state.is_finished():
                seen = Seen(trial.number, member.decisions, _scores(study, trial))
            self.proposals.note(network, seen)

    def _member(self, trial: FrozenTrial) -> Spec | None:
        """What a trial tried; None where it was no member of the space."""
        proposed = trial.system_attrs.get(_PROPOSED, {})
        for params in (trial.params, {**proposed, **trial.params}):
            try:
                return self.space.member(self._answers(params))
            except (SpecError, ValueError):
                continue
        return None

    def _answers(self, params: Mapping[str, Any]) -> dict[str, Any]:
        holes = self.space.decisions
        return {a: to_answer(holes[a], value) for a, value in params.items() if a in holes}


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
