"""The phase that proposes and judges candidates, until the trials are spent."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study.candidate import not_finite
from archdsl.study.engines.job import Begun, EngineEvent, Job, Outcome, Over, Reported
from archdsl.study.objectives import values_of
from archdsl.study.phases.again import again
from archdsl.study.phases.phase import Next
from archdsl.study.phases.untrained import untrained
from archdsl.study.propose.proposals import Proposal, Proposals
from archdsl.study.record.events import Epoch, Event, Finished, Paused, Proposed, Running
from archdsl.study.record.state import State
from archdsl.study.trial import to_json

if TYPE_CHECKING:
    from archdsl.study.phases.jobs import Jobs


class Trials:
    """Proposes one candidate after another and has each judged.

    exhausted: whether every architecture inside the budget was tried
    """

    def __init__(self, settings: SearchSettings, proposals: Proposals, jobs: Jobs) -> None:
        self.exhausted = False
        self._settings, self._proposals, self._jobs = settings, proposals, jobs
        self._running: set[int] = set()
        self._again: deque[int] = deque()

    def next(self, state: State) -> Next | None:
        """What was broken off, now or before this start, else what is proposed next."""
        if self._again:
            number = self._again.popleft()
            return Next(job=self._jobs.go_on(number, state))
        for trial in state.pending:
            if trial.number not in self._running and trial.number < self._settings.trials:
                self._mark(trial.number, trial.network)
                return Next(job=self._jobs.go_on(trial.number, state))
        number = len(state.trials)
        if number >= self._settings.trials or (self._running and self._proposals.one_at_a_time):
            return None
        proposal = self._proposals.next(number)
        if proposal is None:
            self.exhausted = not self._running
            return None
        proposed = _proposed(number, proposal)
        answered = untrained(proposal, number, state.in_order(), self._settings.budget)
        if answered is not None:
            return Next((proposed, answered))
        self._mark(number, proposal.network)
        return Next((proposed,), self._jobs.judge(number, proposed.decisions))

    def heard(self, event: EngineEvent, state: State) -> tuple[Event, ...]:
        """A trial runs, has trained an epoch, is paused or over."""
        match event:
            case Begun(job, at, step):
                return (Running(job.training, step, at),)
            case Reported(job, step, metrics):
                return (Epoch(job.training, step, to_json(metrics)),)
            case Over(job, outcome):
                return self._over(job, outcome, state)

    def _over(self, job: Job, outcome: Outcome, state: State) -> tuple[Event, ...]:
        ran = state.trials[job.trial].state == "running"
        retried = again(job, outcome, state.retries.get(job.training, ())) if ran else None
        if retried is not None:
            self._again.append(job.trial)
            return (retried,)
        self._running.discard(job.trial)
        if outcome.state == "cancelled":
            return (Paused(job.training),) if ran else ()
        return (self._finished(job, outcome, state),)

    def _mark(self, number: int, network: str) -> None:
        self._running.add(number)
        self._proposals.note(network, None)

    def _finished(self, job: Job, outcome: Outcome, state: State) -> Finished:
        values, cause, fault = None, outcome.cause, outcome.fault
        if outcome.state == "complete":
            try:
                values = self._values(outcome, state.trials[job.trial].costs)
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
            seconds=outcome.seconds,
            begun=outcome.begun,
            ended=outcome.ended,
        )

    def _values(self, outcome: Outcome, costs: dict[str, int]) -> list[float]:
        """What the objectives come to. Raises SearchError for what is no figure."""
        objectives = self._settings.objectives
        values = values_of(objectives, outcome.metrics, costs)
        wrong = not_finite(dict(zip((one.name for one in objectives), values, strict=True)))
        if wrong is not None:
            raise SearchError(wrong)
        return list(values)


def _proposed(number: int, proposal: Proposal) -> Proposed:
    return Proposed(
        trial=number,
        origin=proposal.origin,
        decisions=dict(proposal.spec.decisions),
        text=proposal.spec.dump(),
        costs=proposal.cost.totals(),
        network=proposal.network,
    )
