"""Proposals from a record: each follows from the results that it knows, told in order."""

from __future__ import annotations

from archdsl.study.propose.known import known
from archdsl.study.propose.proposals import Proposal, Proposals
from archdsl.study.record.state import State


class InOrder:
    """Takes trials from a record by number, so that who finished first makes no difference.

    What a sampler was asked and told before a kill it is asked and told again, in that order.
    """

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals
        self._taken = 0
        self._told = 0

    def ready(self, state: State) -> bool:
        """Whether all results are there that the next proposal is to know."""
        for number in range(self._taken, len(state.trials) + 1):
            if self._proposals.learns and not self._tell(known(number, state.sessions), state):
                return False
            if number < len(state.trials):
                self._proposals.take(state.trials[number])
                self._taken = number + 1
        return True

    def next(self, state: State) -> Proposal | None:
        """The next proposal, once it is ready; None where everything inside was tried.

        Raises SearchError where nothing new is found.
        """
        return self._proposals.next(len(state.trials))

    def _tell(self, count: int, state: State) -> bool:
        """Tell of the first `count` trials; False where one of them is not over."""
        while self._told < count:
            trial = state.trials[self._told]
            if not trial.over:
                return False
            self._proposals.tell(trial)
            self._told += 1
        return True
