"""The phase that trains the members of a proxy check, under the proxy and the final schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.causes import same
from archdsl.study.engines.job import EngineEvent, Job
from archdsl.study.phases.in_round import InRound
from archdsl.study.record.events import Event, Purpose, Round, Training
from archdsl.study.record.rounds import FinalRound
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next

if TYPE_CHECKING:
    from archdsl.study.phases.jobs import Jobs

PROXY: Purpose = "check/proxy"
FINAL: Purpose = "check/final"
SCORES: Purpose = "check/scores"

HOPELESS = 3
"""Trainings that fail of one cause before any succeeds, after which none is tried any more."""


class Check:
    """Has every member trained and scored that is not yet.

    plan: the rounds as they are to be, asked where not all have begun
    hold: what comes before the first training of a start
    """

    def __init__(
        self,
        jobs: Jobs,
        objectives: Sequence[Objective],
        plan: Callable[[State], list[Round]],
        hold: Callable[[], None],
    ) -> None:
        self._jobs, self._objectives = jobs, objectives
        self._plan, self._hold = plan, hold
        self._planned = self._held = False

    def next(self, state: State, busy: Set[Training]) -> Next | None:
        """The next round, where it is to begin; else the next training.

        Raises SearchError where all so far have failed of the same cause.
        """
        if not self._planned:
            missing = self._plan(state)[len(state.rounds.all) :]
            if missing:
                return Next(missing[0])
            self._planned = True
        self._refuse_the_hopeless(state)
        for current in state.rounds.all:
            training = self._inside(current).next(busy)
            if training is not None:
                return Next(training=training)
        return None

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """A training runs, has trained an epoch, or is over."""
        return self._inside(state.rounds.of(event.job.training)).heard(event, state)

    def _inside(self, current: FinalRound) -> InRound:
        """What everybody in a round has to come to a figure of: scores to none."""
        return InRound(current, () if current.begun.purpose == SCORES else self._objectives)

    def job(self, training: Training, state: State) -> Job:
        """The job of training, or scoring, a member. Raises SearchError, as `hold` does."""
        if not self._held:
            self._held = True
            self._hold()
        current = state.rounds.of(training)
        entrant = current.entrants[training.trial]
        if current.begun.purpose == SCORES:
            return self._jobs.score(entrant, training)
        return self._jobs.final(entrant, training, current.begun.epochs, state)

    def _refuse_the_hopeless(self, state: State) -> None:
        over = [(one, over) for one in state.rounds.all for over in one.over.values()]
        if len(over) < HOPELESS or (cause := over[0][1].cause) is None:
            return
        if all(each.cause is not None and same(each.cause, cause) for _, each in over):
            names = [one.entrants[each.training.trial].name for one, each in over]
            raise SearchError(
                f"the first {len(over)} trainings, of {', '.join(dict.fromkeys(names))}, failed of "
                f"the same cause: {cause}.  mend it, and the same command begins anew.  the "
                "cheapest are trained first: where they alone fail of it, take what makes them so "
                "small out of the choices of the space"
            )
