"""The loop of a search: what its phases say is next goes to the engine, and what the engine
reports goes on record.

This process alone writes the record. A job is plain data and needs nothing of the driver's, and
every proposal follows from the record. So a search can be killed at any moment and goes on with
the same command: a trial that was running goes on from its last epoch, under the same number.
"""

from __future__ import annotations

from pathlib import Path

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study import events
from archdsl.study.engines.engine import Engine
from archdsl.study.engines.job import Begun, EngineEvent, Over, Reported
from archdsl.study.events import Listener
from archdsl.study.hopeless import Hopeless, stopped
from archdsl.study.phases.phase import Phase
from archdsl.study.record.events import (
    Event,
    Finished,
    Reached,
    Retried,
    Round,
    Running,
    TrainingOver,
)
from archdsl.study.record.folder import RunFolder, worth_keeping
from archdsl.study.record.rounds import of_a_round
from archdsl.study.trial import Trial, from_json
from archdsl.units import counted


class Driver:
    """Runs phases on an engine.

    kept: the folder to name in errors, if any
    """

    def __init__(
        self,
        run: RunFolder,
        engine: Engine,
        settings: SearchSettings,
        emit: Listener,
        kept: Path | None,
    ) -> None:
        self.run, self.engine, self.settings = run, engine, settings
        self.emit, self.kept = emit, kept
        self._running = 0
        self._ended: list[tuple[Trial, bool]] = []
        self._hopeless = Hopeless()
        self._hopeless.look(run.state)  # what stands on record has stopped a search once

    def drive(self, phase: Phase) -> None:
        """Run a phase to its end. Raises SearchError where going on would teach nothing.

        Results that come in together wait for the disk together; before they are durable nothing
        is done that follows from them.
        """
        try:
            while True:
                self._hand_out(phase)
                self._settle()
                if not self._running:
                    return
                self.engine.events(lambda event: self._heard(event, phase))
                self._settle()
                self._refuse_the_hopeless()
        finally:
            self._settle()

    def _hand_out(self, phase: Phase) -> None:
        while self._running < self.engine.capacity:
            following = phase.next(self.run.state)
            if following is None:
                return
            self._record(following.events)
            if following.job is not None:
                self._settle()
                self._running += 1
                self.engine.submit(following.job)

    def _heard(self, event: EngineEvent, phase: Phase) -> None:
        self._running -= isinstance(event, Over)
        of_a_trial = not of_a_round(event.job.training)
        if isinstance(event, Reported) and of_a_trial:
            self.emit(events.Epoch(event.job.trial, event.step, dict(event.metrics)))
        self._record(phase.heard(event, self.run.state))
        if isinstance(event, Begun) and event.job.task == "judge" and of_a_trial:
            trial = self.run.state.trials[event.job.trial]
            self.emit(
                events.TrialStarted(
                    trial.number, trial.origin, dict(trial.decisions), dict(trial.costs)
                )
            )

    def _record(self, what: tuple[Event, ...]) -> None:
        for event in what:
            before = self.run.state.leading[:1]
            if isinstance(event, Running):
                self._tell_of_what_is_lost(event)
            self.run.add(event)
            if isinstance(event, Retried) and not of_a_round(event.training):
                self.emit(events.TrialRetried(event.training.trial, event.cause))
            if isinstance(event, Reached):
                self.emit(events.TrialPaused(self.run.state.trials[event.training.trial]))
            if isinstance(event, Round | TrainingOver):
                self._tell_of_the_round(event)
            if isinstance(event, Finished):
                leads = self.run.state.leading[:1] != before
                self._ended.append((self.run.state.trials[event.trial], leads))

    def _tell_of_what_is_lost(self, event: Running) -> None:
        """Say that epochs on record are trained again: nothing is there to go on from."""
        had = len(self.run.state.trainings.get(event.training, ()))
        if had and event.step is None and not of_a_round(event.training):
            self.emit(
                events.Notice(
                    f"trial {event.training.trial} begins again: of the {counted(had, 'epoch')} "
                    "that it has on record there is no checkpoint any more"
                )
            )

    def _tell_of_the_round(self, event: Round | TrainingOver) -> None:
        rounds, last = self.run.state.rounds, None
        final = rounds.all[event.index] if isinstance(event, Round) else rounds.of(event.training)
        if isinstance(event, TrainingOver):
            entrant = final.entrants[event.training.trial]
            metrics = from_json(event.metrics)
            last = events.TrainedAnew(entrant, event.training.seed, metrics, event.cause)
        self.emit(
            events.RoundProgress(
                final.entrants, len(final.begun.seeds), len(final.over), len(final.trainings()),
                final.begun.note, last, final.begun.purpose,
            )
        )  # fmt: skip

    def _settle(self) -> None:
        """Make the results durable that there are since, and do what follows from them."""
        self.run.settle()
        ended, self._ended = self._ended, []
        if not ended:
            return
        keep = worth_keeping(self.run.state)
        for trial, _ in ended:
            self.run.end_trial(trial.number, weights=trial.number in keep)
        self.run.keep_weights(keep)
        for trial, leads in ended:
            self.emit(events.TrialFinished(trial))
            if leads:
                self.emit(events.Best(trial))

    def _refuse_the_hopeless(self) -> None:
        """Raise SearchError where the failures so far say that the next trial fails like them."""
        streak = self._hopeless.look(self.run.state)
        if streak is not None:
            succeeded = self._hopeless.succeeded
            raise SearchError(stopped(streak, succeeded=succeeded, folder=self.kept))
