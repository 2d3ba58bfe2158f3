"""The phase that trains the members of a proxy check, under the proxy and the final schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.causes import same
from archdsl.study.engines.job import EngineEvent, Job
from archdsl.study.phases.in_round import InRound
from archdsl.study.phases.phase import Next
from archdsl.study.record.events import Event, Purpose, Round, Training
from archdsl.study.record.rounds import FinalRound
from archdsl.study.record.state import State

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
        self._inside: dict[str, InRound] | None = None

    def next(self, state: State) -> Next | None:
        """The rounds, where they are to begin; else the next training.

        Raises SearchError where all so far have failed of the same cause.
        """
        if self._inside is None:
            missing = self._plan(state)[len(state.rounds.all) :]
            if missing:
                return Next(tuple(missing))
            self._inside = {one.purpose: InRound(one, self._of(one)) for one in state.rounds.all}
            if any(inside.waiting for inside in self._inside.values()):
                self._refuse_the_hopeless(state)
                self._hold()
        self._refuse_the_hopeless(state)
        for current in state.rounds.all:
            inside = self._inside[current.purpose]
            if inside.waiting:
                return Next(job=self._job(current, inside.waiting.pop(0), state))
        return None

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """A training runs, has trained an epoch, or is over."""
        assert self._inside is not None, "a job is of a round"
        return self._inside[event.job.training.purpose].heard(event, state)

    def _of(self, current: FinalRound) -> Sequence[Objective]:
        """What everybody in a round has to come to a figure of."""
        return () if current.begun.purpose == SCORES else self._objectives

    def _job(self, current: FinalRound, training: Training, state: State) -> Job:
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
