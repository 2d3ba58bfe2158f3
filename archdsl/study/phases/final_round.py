"""The phase that trains the best trials anew, beside what they are compared with."""

from __future__ import annotations

from collections.abc import Callable, Set
from typing import TYPE_CHECKING

from archdsl.language.settings import FinalSettings, SearchSettings
from archdsl.study.engines.job import EngineEvent, Job
from archdsl.study.final.entrants import Entrant
from archdsl.study.final.field import field_of
from archdsl.study.phases.in_round import InRound
from archdsl.study.record.events import Event, Round, Training
from archdsl.study.record.rounds import FinalRound
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next

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
        self._held = False

    def next(self, state: State, busy: Set[Training]) -> Next | None:
        """The round, where it is to begin; else the next of its trainings."""
        current = self._current(state)
        if current is None:
            begun = self._begin(state)
            return None if begun is None else Next(begun)
        training = self._inside(current).next(busy)
        return None if training is None else Next(training=training)

    def job(self, training: Training, state: State) -> Job:
        """The job of a training of the round. Raises SearchError where the data are others."""
        if not self._held:
            self._held = True
            self._hold()
        current = state.rounds.of(training)
        entrant = current.entrants[training.trial]
        return self._jobs.final(entrant, training, current.begun.epochs, state)

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """A training runs, has trained an epoch, or is over."""
        return self._inside(state.rounds.of(event.job.training)).heard(event, state)

    def _inside(self, current: FinalRound) -> InRound:
        return InRound(current, self._settings.objectives)

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
