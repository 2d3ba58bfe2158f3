"""Trials that need no training: what is outside the budget, and what is trained already.

Only Optuna's samplers propose such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.study.record.events import Finished
from archdsl.study.record.state import State
from archdsl.study.trial import Ended, Trial, to_json

if TYPE_CHECKING:
    from archdsl.amounts import Budget


class Untrained:
    """How trials are answered that are not to be trained."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._first: dict[str, int] = {}
        self._looked_at = 0

    def answer(self, trial: Trial, state: State) -> Finished | None:
        """How a trial is over at once, if it is."""
        if self._outside(trial):
            return _finished(trial, "outside", None)
        first = self._trained_as(trial, state)
        known = state.trials[first]
        return _finished(trial, "repeated", known) if first != trial.number and known.over else None

    def waits(self, trial: Trial, state: State) -> bool:
        """Whether its network is being trained, and the answer is there when that is over."""
        first = self._trained_as(trial, state)
        return first != trial.number and not state.trials[first].over

    def _outside(self, trial: Trial) -> bool:
        return trial.origin == "optuna" and not self._budget.allows(trial.costs)

    def _trained_as(self, trial: Trial, state: State) -> int:
        """The trial in which a network is trained: the first that has it."""
        for number in range(self._looked_at, len(state.trials)):
            if not self._outside(state.trials[number]):
                self._first.setdefault(state.trials[number].network, number)
        self._looked_at = len(state.trials)
        return self._first.get(trial.network, trial.number)


def _finished(trial: Trial, state: Ended, known: Trial | None) -> Finished:
    return Finished(
        trial=trial.number,
        state=state,
        metrics=to_json(known.metrics) if known else {},
        values=list(known.values) if known and known.values else None,
        cause=known.cause if known else None,
        trace=None,
        seconds=0.0,
        begun=None,
        ended=None,
    )
