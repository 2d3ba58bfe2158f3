"""Optuna's TPE sampler as a function of the trials on record.

A proposal follows from (seed, trial number, attempt) and the finished trials, and from nothing
else: a search that was killed goes on as if it had not been. Optuna's own ask writes to the
study and draws from a generator whose state dies with the process; the sampler is therefore
asked directly, freshly seeded each time (Watanabe, 2023, arXiv:2304.11127, describes it).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import optuna
from optuna.samplers import TPESampler
from optuna.search_space import IntersectionSearchSpace
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState

from archdsl.settings import Objective
from archdsl.study.distributions import distribution, to_answer
from archdsl.study.journal import frozen, new_study
from archdsl.study.seeds import number
from archdsl.study.trial import Trial

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.spec.holes import Hole
    from archdsl.specification import Spec

_NAME = "history"


class Tpe:
    """TPE over the trials that it was told of."""

    def __init__(self, space: Space, objectives: Sequence[Objective], seed: int) -> None:
        self.space = space
        self.seed = seed
        self._storage = InMemoryStorage()
        self._study = new_study(self._storage, _NAME, objectives)
        self._directions = [one.direction for one in objectives]
        self._worst: tuple[float, ...] | None = None
        # what all finished trials answer is sampled together, the rest one by one
        self._shared = IntersectionSearchSpace(include_pruned=True)

    def tell(self, trial: Trial) -> None:
        """Learn from a finished trial.

        A failure counts as the worst that was seen: TPE takes no notice of failed trials, and
        would propose again and again what cannot be trained.
        """
        if trial.values is not None:
            worse = [max if direction == "minimize" else min for direction in self._directions]
            before = self._worst or trial.values
            pairs = zip(worse, before, trial.values, strict=True)
            self._worst = tuple(pick(one, other) for pick, one, other in pairs)
        self._study.add_trial(frozen(trial, self.space, failed_as=self._worst))
        # a fresh view: a study remembers the trials that it has read
        self._study = optuna.load_study(study_name=_NAME, storage=self._storage)

    def draw(self, trial_number: int, attempt: int) -> Spec:
        """The member that it proposes."""
        seed = number(self.seed, "tpe", trial_number, attempt)
        sampler = TPESampler(seed=seed, n_startup_trials=1, constant_liar=False)
        asked = FrozenTrial(
            number=trial_number,
            trial_id=-1,
            state=TrialState.RUNNING,
            value=None,
            values=None,
            datetime_start=None,
            datetime_complete=None,
            params={},
            distributions={},
            user_attrs={},
            system_attrs={},
            intermediate_values={},
        )
        together: dict[str, Any] = {}
        if len(self._study.directions) == 1:
            shared = self._shared.calculate(self._study)
            several = {name: dist for name, dist in shared.items() if not dist.single()}
            together = sampler.sample_relative(self._study, asked, several)

        def ask(address: str, hole: Hole) -> object:
            if len(hole.answers) == 1:
                return hole.answers[0]
            if address in together:
                return to_answer(hole, together[address])
            value = sampler.sample_independent(self._study, asked, address, distribution(hole))
            return to_answer(hole, value)

        return self.space.resolve(ask)
