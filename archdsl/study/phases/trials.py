"""The phase that proposes and judges candidates, until the trials are spent."""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study.engines.job import EngineEvent, Job, Outcome, Over
from archdsl.study.objectives import finite_values_of
from archdsl.study.phases.again import again
from archdsl.study.phases.in_order import InOrder
from archdsl.study.phases.inheriting import Inheriting
from archdsl.study.phases.phase import of_progress
from archdsl.study.phases.untrained import Untrained
from archdsl.study.propose.known import known
from archdsl.study.propose.proposals import Proposal, Proposals
from archdsl.study.record.events import (
    Event,
    Exhausted,
    Finished,
    Paused,
    Proposed,
    Reached,
    Running,
    Training,
)  # fmt: skip
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next
from archdsl.study.trial import Trial, to_json

if TYPE_CHECKING:
    from archdsl.study.phases.jobs import Jobs


class Trials:
    """Proposes one candidate after another and has each judged.

    exhausted: whether every architecture inside the budget was tried
    inheriting: what says which trial a new one begins with the weights of, if any
    """

    def __init__(
        self,
        settings: SearchSettings,
        proposals: Proposals,
        jobs: Jobs,
        inheriting: Inheriting | None = None,
    ) -> None:
        self.exhausted = False
        self._inheriting, self._known = inheriting, 0
        self._settings, self._jobs = settings, jobs
        self._in_order = InOrder(proposals)
        self._untrained = Untrained(settings.budget)
        self._nothing_new: SearchError | None = None
        self._no_more = False
        self._last: tuple[int, Proposal] | None = None

    def next(self, state: State, busy: Set[Training]) -> Next | None:
        """What was proposed or broken off and nobody is at, else what is proposed next.

        Raises SearchError where nothing new is found, once no trial is under way any more.
        """
        for trial in self._to_go_on(state):
            training = self._jobs.training(trial.number)
            if training in busy or self._untrained.waits(trial, state):
                continue
            answer = self._untrained.answer(trial, state)
            return Next(training=training) if answer is None else Next(answer)
        return self._new(state)

    def job(self, training: Training, state: State) -> Job:
        """The job of judging a candidate, on from its last epoch."""
        return self._jobs.go_on(training.trial, state)

    def _to_go_on(self, state: State) -> list[Trial]:
        """The trials that are not over, but those that are more than are asked for now."""
        return [one for one in state.pending if one.number < self._settings.trials]

    def _new(self, state: State) -> Next | None:
        """The next proposal. That there is none is a matter of the trials before it alone."""
        number = len(state.trials)
        if number >= self._settings.trials or not self._in_order.ready(state):
            return None
        if not self._knows(number, state):
            return None
        proposal = None if self._no_more else self._following(state)
        if proposal is not None:
            return Next(self._proposed(number, proposal, state))
        self._no_more = True
        return None if state.pending else self._end(state)

    def _knows(self, number: int, state: State) -> bool:
        """Whether all trials are over whose weights a trial may begin with."""
        if self._inheriting is None:
            return True
        count = known(number, state.sessions)
        while self._known < count:
            trial = state.trials[self._known]
            if not trial.over:
                return False
            if trial.state == "complete":
                self._inheriting.know(trial.number)
            self._known += 1
        return True

    def _following(self, state: State) -> Proposal | None:
        """The next proposal; None where there is none, whatever the reason.

        Asked for once more it is the same: a sampler that was asked has gone on.
        """
        number = len(state.trials)
        if self._last is not None and self._last[0] == number:
            return self._last[1]
        try:
            proposal = self._propose(state)
        except SearchError as error:
            self._nothing_new = error
            return None
        if proposal is not None:
            self._last = number, proposal
        return proposal

    def _propose(self, state: State) -> Proposal | None:
        return self._in_order.next(state)

    def _end(self, state: State) -> Next | None:
        """What is left to be done where nothing runs and nothing is to begin."""
        if not self._no_more:
            return None
        if self._nothing_new is not None:
            raise self._nothing_new
        self.exhausted = True
        return None if state.exhausted else Next(Exhausted())

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """A trial runs, has trained an epoch, is paused or over."""
        if isinstance(event, Over):
            return self._over(event.job, event.outcome, state)
        return of_progress(event)

    def _over(self, job: Job, outcome: Outcome, state: State) -> tuple[Event, ...]:
        ran = state.trials[job.trial].state == "running"
        retried = again(job, outcome, state.retries.get(job.training, ()))
        if retried is None and outcome.state != "cancelled":
            return (self._finished(job, outcome, state),)
        if retried is not None:  # a worker may have ended before its word that the job began
            began = () if ran else (Running(job.training, job.step, outcome.begun),)
            return (*began, retried)
        return (Paused(job.training),) if ran else ()

    def _finished(self, job: Job, outcome: Outcome, state: State) -> Finished | Reached:
        return self._judged(job, outcome, state)

    def _values(self, job: Job, outcome: Outcome, state: State) -> list[float]:
        """What the objectives come to. Raises SearchError for one that is no figure."""
        costs = state.trials[job.trial].costs
        return list(finite_values_of(self._settings.objectives, outcome.metrics, costs))

    def _judged(self, job: Job, outcome: Outcome, state: State) -> Finished:
        values, cause, fault = None, outcome.cause, outcome.fault
        if outcome.state == "complete":
            try:
                values = self._values(job, outcome, state)
            except SearchError as error:
                cause, fault = str(error), "error"
        return Finished(
            trial=job.trial,
            state="failed" if values is None else "complete",
            metrics=to_json(outcome.metrics),
            values=values,
            cause=cause,
            trace=outcome.trace,
            fault=fault,
            seconds=state.trials[job.trial].seconds + outcome.seconds,
            begun=outcome.begun,
            ended=outcome.ended,
        )

    def _proposed(
        self, number: int, proposal: Proposal, state: State, until: int | None = None
    ) -> Proposed:
        inheriting = self._inheriting
        source = None if inheriting is None else inheriting.of(proposal.spec, state)
        return Proposed(
            trial=number,
            origin=proposal.origin,
            decisions=dict(proposal.spec.decisions),
            text=proposal.spec.dump(),
            costs=proposal.cost.totals(),
            network=proposal.network,
            until=until,
            inherits=None if source is None else source.trial,
            share=None if source is None else source.share,
        )
