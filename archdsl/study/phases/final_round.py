"""The phase that trains the best trials anew, beside what they are compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.language.settings import FinalSettings, SearchSettings
from archdsl.study.engines.job import EngineEvent, Job, Outcome, Over
from archdsl.study.final.entrants import Entrant
from archdsl.study.final.field import field_of
from archdsl.study.objectives import finite_values_of
from archdsl.study.phases.again import again
from archdsl.study.phases.phase import Next, of_progress
from archdsl.study.record.events import (
    Event,
    Paused,
    Round,
    Running,
    Training,
    TrainingOver,
)
from archdsl.study.record.rounds import FinalRound
from archdsl.study.record.state import State
from archdsl.study.trial import to_json

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.phases.jobs import Jobs


class Finals:
    """Begins a round where none was begun for these trials and settings, and trains it.

    final: how large it is to be; epochs: of the proxy's schedule; 1 where there is none
    beside: the baselines
    hold: raises SearchError where the data are no longer those of the trials
    """

    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        final: FinalSettings,
        beside: list[Entrant],
        jobs: Jobs,
        epochs: int,
        hold: Callable[[], None],
    ) -> None:
        self._space, self._settings, self._final = space, settings, final
        self._beside, self._jobs, self._hold = beside, jobs, hold
        self._epochs = final.epochs or epochs
        self._asked = {
            "keep": final.keep,
            "seeds": final.seeds,
            "epochs": final.epochs,
            "asked": final.asked,
            "baselines": {one.name: one.network for one in beside},
        }
        self._waiting: list[Training] | None = None

    def next(self, state: State) -> Next | None:
        """The round, where it is to begin; else the next of its trainings."""
        current = self._current(state)
        if current is None:
            begun = self._begin(state)
            return None if begun is None else Next((begun,))
        if self._waiting is None:
            self._waiting = [one for one in current.trainings() if one not in current.over]
            if self._waiting:
                self._hold()
        if not self._waiting:
            return None
        training = self._waiting.pop(0)
        entrant = current.entrants[training.trial]
        return Next(job=self._jobs.final(entrant, training, current.begun.epochs, state))

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """A training runs, has trained an epoch, or is over."""
        if isinstance(event, Over):
            return self._over(event.job, event.outcome, state)
        return of_progress(event)

    def _over(self, job: Job, outcome: Outcome, state: State) -> tuple[Event, ...]:
        assert self._waiting is not None, "a job is of a round"
        training = job.training
        ran = training in state.rounds.of(training).running
        # a worker may have ended before its word that the job began
        began = () if ran else (Running(training, job.step, outcome.begun),)
        retried = again(job, outcome, state.retries.get(training, ()))
        if retried is None and outcome.state != "cancelled":
            return (*began, self._trained(job, outcome, state))
        self._waiting.insert(0, training)
        if retried is not None:
            return (*began, retried)
        return (Paused(training),) if ran else ()

    def _trained(self, job: Job, outcome: Outcome, state: State) -> TrainingOver:
        metrics, cause, fault = outcome.metrics, outcome.cause, outcome.fault
        complete = outcome.state == "complete"
        if complete:
            costs = state.rounds.of(job.training).entrants[job.trial].costs
            try:
                finite_values_of(self._settings.objectives, metrics, costs)
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

    def _current(self, state: State) -> FinalRound | None:
        """The round of these trials and settings, if it has begun."""
        last = state.rounds.last
        if last is None or last.begun.trials != len(state.finished):
            return None
        return last if last.begun.asked == self._asked else None

    def _begin(self, state: State) -> Round | None:
        """The round that these trials lead to; None where none of them succeeded."""
        if state.best is None:
            return None
        field = field_of(self._space, state, self._final, self._beside, self._epochs)
        first = self._settings.seed + 1  # not that of the trials, which they were picked by
        return Round(
            index=len(state.rounds.all),
            trials=len(state.finished),
            asked=self._asked,
            entrants=[one.record() for one in field.entrants],
            seeds=list(range(first, first + field.seeds)),
            epochs=self._epochs,
            rule=field.rule,
            note=field.note,
        )
