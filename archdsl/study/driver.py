"""The loop of a search: what its phases say is next goes to the engine, and what the engine
reports goes on record.

A job is plain data and needs nothing of the driver's, and every proposal follows from the record.
So a search can be killed at any moment and goes on with the same command: a trial that was running
goes on from its last epoch, under the same number. This process alone writes a record that is a
file; where others add to it, too, what is next is decided while none of them does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study import events
from archdsl.study.engines.engine import Engine
from archdsl.study.engines.job import Begun, EngineEvent, Job, Over, Reported
from archdsl.study.events import Listener
from archdsl.study.hopeless import Hopeless, stopped
from archdsl.study.identity.in_common import another_course
from archdsl.study.phases.phase import Phase
from archdsl.study.record.events import (
    Changed,
    Event,
    Evidence,
    Finished,
    Reached,
    Retried,
    Round,
    Running,
    Session,
    Training,
    TrainingOver,
    trunk,
)
from archdsl.study.record.folder import RunFolder, worth_keeping
from archdsl.study.record.rounds import of_a_round
from archdsl.study.record.turn import TakenOver
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
        self._evidence: dict[str, Any] | None = None  # as a phase began
        assert run.state.created is not None, "a run that is driven has begun"
        self._setup = run.state.created.setup  # as this driver has it
        self._running: set[Training] = set()
        self._lost: set[Training] = set()
        self._ended: list[tuple[Trial, bool]] = []
        self._hopeless = Hopeless()
        self._hopeless.look(run.state)  # what stands on record has stopped a search once

    def drive(self, phase: Phase) -> None:
        """Run a phase to its end. Raises SearchError where going on would teach nothing.

        Results that come in together wait for the disk together; before they are durable nothing
        is done that follows from them.
        """
        self._evidence = self.run.state.evidence
        try:
            while True:
                self._hand_out(phase)
                self._settle()
                if self._running:
                    self.engine.events(lambda event: self._heard(event, phase))
                    self._settle()
                elif self.run.elsewhere:
                    self.run.wait()
                else:
                    return
                self._refuse_the_hopeless()
        finally:
            self._settle()

    def _hand_out(self, phase: Phase) -> None:
        while len(self._running) < self.engine.capacity:
            before = self.run.state.leading[:1]
            following = self.run.turn(lambda state, busy: phase.next(state, self._running | busy))
            if following is None:
                return
            if following.event is not None:
                self._tell(following.event, before)
            if following.training is not None:
                self._settle()
                job = phase.job(following.training, self.run.state)
                self._running.add(trunk(job.training))
                self.engine.submit(job)

    def _heard(self, event: EngineEvent, phase: Phase) -> None:
        job, over = event.job, isinstance(event, Over)
        key = trunk(job.training)
        if over:
            self._running.discard(key)
        if key in self._lost:
            if over:
                self._lost.discard(key)
                self._leave_to_others(job.trial)
            return
        of_a_trial = not of_a_round(job.training)
        if isinstance(event, Reported) and of_a_trial:
            self.emit(events.Epoch(job.trial, event.step, dict(event.metrics)))
        try:
            self._record(phase.heard(event, self.run.state), job.training, over=over)
        except TakenOver:
            self._let_go(job, over=over)
            return
        if isinstance(event, Begun) and job.task == "judge" and of_a_trial:
            trial = self.run.state.trials[job.trial]
            self.emit(
                events.TrialStarted(
                    trial.number, trial.origin, dict(trial.decisions), dict(trial.costs)
                )
            )

    def _record(self, what: tuple[Event, ...], of: Training, *, over: bool) -> None:
        """Put on record what came of a job. Raises TakenOver where it is another driver's now."""
        for number, event in enumerate(what, start=1):
            before = self.run.state.leading[:1]
            if isinstance(event, Running):
                self._tell_of_what_is_lost(event)
            self.run.add(event, of, last=over and number == len(what))
            self._tell(event, before)
        if over and not what:
            self.run.leave(of)

    def _let_go(self, job: Job, *, over: bool) -> None:
        """Drop what comes of a job from here on: another driver goes on with it."""
        if not over:
            self._lost.add(trunk(job.training))
            self.engine.cancel(job.trial)
        what = "a training" if of_a_round(job.training) else f"trial {job.trial}"
        self.emit(
            events.Notice(
                f"{what} is another driver's by now, as nothing was heard of this one for too "
                "long: what comes of it here is dropped"
            )
        )

    def _tell(self, event: Event, before: list[Trial]) -> None:
        """Tell of what is on record now. before: the best that there was"""
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
        theirs = self._tell_of_others()
        ended, self._ended = self._ended, []
        if not ended and not theirs:
            return
        keep = worth_keeping(self.run.state)
        for trial, _ in ended:
            self.run.end_trial(trial.number, weights=trial.number in keep)
        self.run.keep_weights(keep)
        for trial, leads in ended:
            self.emit(events.TrialFinished(trial))
            if leads:
                self.emit(events.Best(trial))

    def _tell_of_others(self) -> bool:
        """Tell of what other drivers did; whether one ended a trial."""
        state, ended = self.run.state, False
        for event in self.run.news():
            ended = ended or isinstance(event, Finished)
            match event:
                case Finished(number):
                    self._leave_to_others(number)
                    self.emit(events.TrialFinished(state.trials[number]))
                    if state.best is not None and state.best.number == number:
                        self.emit(events.Best(state.best))
                case Round() | TrainingOver():
                    self._tell_of_the_round(event)
                case Reached(training):
                    self._leave_to_others(training.trial)
                    self.emit(events.TrialPaused(state.trials[training.trial]))
                case Session():
                    self.emit(events.Notice("another driver is at this study, too"))
                case Changed(setup) if said := another_course(setup, self._setup):
                    raise SearchError(
                        f"another driver goes on with other settings, as this one was not heard of "
                        f"for too long: {said}.  the same command goes on where both are the same"
                    )
                case Evidence(known) if self._evidence not in (None, known):
                    raise SearchError(
                        "another driver began the trials anew, with other code or data, as this "
                        "one was not heard of for too long.  the same command goes on where both "
                        "are the same"
                    )
        return ended

    def _leave_to_others(self, number: int) -> None:
        """Drop what a trial left here that another driver went on with, unless it runs here."""
        here = self._running | self._lost
        if not any(one.trial == number and not of_a_round(one) for one in here):
            self.run.leave_to_others(number)

    def _refuse_the_hopeless(self) -> None:
        """Raise SearchError where the failures so far say that the next trial fails like them."""
        streak = self._hopeless.look(self.run.state)
        if streak is not None:
            succeeded = self._hopeless.succeeded
            raise SearchError(stopped(streak, succeeded=succeeded, folder=self.kept))
