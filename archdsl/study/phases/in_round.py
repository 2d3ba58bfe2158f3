"""The trainings of a round: which is next, and what is to be recorded of each."""

from __future__ import annotations

from collections.abc import Sequence, Set

from archdsl.errors import SearchError
from archdsl.language.settings import Objective
from archdsl.study.engines.job import EngineEvent, Job, Outcome, Over
from archdsl.study.objectives import finite_values_of
from archdsl.study.phases.again import again
from archdsl.study.phases.phase import of_progress
from archdsl.study.record.events import Event, Paused, Running, Training, TrainingOver
from archdsl.study.record.rounds import FinalRound
from archdsl.study.record.state import State
from archdsl.study.trial import to_json


class InRound:
    """What of a round is not over. objectives: what each training is to come to a figure of"""

    def __init__(self, current: FinalRound, objectives: Sequence[Objective]) -> None:
        self._current, self._objectives = current, objectives

    def next(self, busy: Set[Training]) -> Training | None:
        """The first training that is not over and that nobody is at."""
        over = self._current.over
        left = (one for one in self._current.trainings() if one not in over and one not in busy)
        return next(left, None)

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """A training runs, has trained an epoch, or is over."""
        if isinstance(event, Over):
            return self._over(event.job, event.outcome, state)
        return of_progress(event)

    def _over(self, job: Job, outcome: Outcome, state: State) -> tuple[Event, ...]:
        training = job.training
        ran = training in state.rounds.of(training).running
        # a worker may have ended before its word that the job began
        began = () if ran else (Running(training, job.step, outcome.begun),)
        retried = again(job, outcome, state.retries.get(training, ()))
        if retried is None and outcome.state != "cancelled":
            return (*began, self._trained(job, outcome, state))
        if retried is not None:
            return (*began, retried)
        return (Paused(training),) if ran else ()

    def _trained(self, job: Job, outcome: Outcome, state: State) -> TrainingOver:
        metrics, cause, fault = outcome.metrics, outcome.cause, outcome.fault
        complete = outcome.state == "complete"
        if complete:
            costs = state.rounds.of(job.training).entrants[job.trial].costs
            try:
                finite_values_of(self._objectives, metrics, costs)
            except SearchError as error:
                complete, cause, fault = False, str(error), "error"
        return TrainingOver(
            training=job.training,
            state="complete" if complete else "failed",
            metrics=to_json(metrics),
            cause=cause,
            trace=outcome.trace,
            fault=fault,
            seconds=outcome.seconds,
            begun=outcome.begun,
            ended=outcome.ended,
        )
