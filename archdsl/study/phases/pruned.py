"""The phase of a search that puts trials aside, and lets those go on that come among the best."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archdsl.language.settings import PruneSettings, SearchSettings
from archdsl.study.engines.job import Job, Outcome
from archdsl.study.halving.believed import Believed
from archdsl.study.halving.jobs import JobOrder
from archdsl.study.halving.ladder import Promotion
from archdsl.study.halving.rung_score import rung_metrics, rung_values
from archdsl.study.phases.inheriting import Inheriting
from archdsl.study.phases.trials import Trials
from archdsl.study.propose.proposals import Proposal, Proposals
from archdsl.study.propose.samplers.base import Scores, Seen
from archdsl.study.record.events import (
    Event,
    Exhausted,
    Finished,
    Paused,
    Promoted,
    Reached,
)  # fmt: skip
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next
from archdsl.study.trial import Trial, to_json

if TYPE_CHECKING:
    from archdsl.study.phases.jobs import Jobs
    from archdsl.study.record.folder import RunFolder


_SELDOM = 64
"""Checkpoints are looked through when a 64th more results are known."""


class PrunedTrials(Trials):
    """As `Trials`, but a trial is a number of jobs, each of which follows from those before it."""

    def __init__(
        self,
        settings: SearchSettings,
        prune: PruneSettings,
        proposals: Proposals,
        jobs: Jobs,
        run: RunFolder,
        inheriting: Inheriting | None = None,
    ) -> None:
        super().__init__(settings, proposals, jobs, inheriting)
        self._prune, self._proposer, self._run = prune, proposals, run
        self._believed = Believed(prune.rungs)
        self._order = JobOrder(prune, settings.objectives, self._hear)
        self._taken = 0
        self._looked_at = 0
        self._idle: set[int] = set()

    def _to_go_on(self, state: State) -> list[Trial]:
        """All of them, however many trials are asked for now: the jobs after them wait."""
        return state.pending

    def _hear(self, trial: int, until: int, scores: Scores | None) -> None:
        """Take in the result of a job that the next one knows."""
        self._believed.tell(trial, until, scores)
        if self._inheriting is not None and until == self._prune.rungs[-1] and scores is not None:
            self._inheriting.know(trial)

    def _new(self, state: State) -> Next | None:
        """The next promotion or proposal, whichever the results before it lead to."""
        number = len(state.trials)
        more = number < self._settings.trials and not self._no_more
        step = self._order.next(state.rungs, more=more)
        self._drop_idle(state)
        self._keep_to_the_disk(state, step.trial if isinstance(step, Promotion) else None)
        if step is None and state.pending:
            return None
        if step is None:
            self._drop_idle(state, now=True)
            return self._end(state)
        if isinstance(step, Promotion):
            return Next(Promoted(step.trial, step.until))
        proposal = self._following(state)
        if proposal is None:
            self._no_more = True
            known = self._nothing_new is not None or state.exhausted
            return self._new(state) if known else Next(Exhausted())
        return Next(self._proposed(number, proposal, state, step.until))

    def _propose(self, state: State) -> Proposal | None:
        """What the sampler proposes, told what is believed of each trial by now."""
        for number in range(self._taken, len(state.trials)):
            self._proposer.take(state.trials[number])
        self._taken = len(state.trials)
        if self._proposer.learns:
            for number, scores in self._believed.changed():
                self._proposer.learn(Seen(number, state.trials[number].decisions, scores))
        return self._proposer.next(len(state.trials))

    def _over(self, job: Job, outcome: Outcome, state: State) -> tuple[Event, ...]:
        """As of any trial; where a branch is to leave its training there, that is next."""
        until = state.rungs.until(job.trial)
        forks = job.until is not None and until is not None and job.until < until
        if not forks or outcome.state != "complete":
            return super()._over(job, outcome, state)
        return (Paused(job.training, outcome.seconds),)

    def _finished(self, job: Job, outcome: Outcome, state: State) -> Finished | Reached:
        finished = self._judged(job, outcome, state)
        reports = state.trainings.get(job.training)
        if job.until is None or finished.values is None or not reports:
            return finished
        if reports[-1]["step"] != job.until:  # it ended by itself
            return finished
        return Reached(
            job.training,
            job.until,
            finished.values,
            finished.metrics,
            outcome.seconds,
            outcome.begun,
            outcome.ended,
        )

    def _judged(self, job: Job, outcome: Outcome, state: State) -> Finished:
        """As of any trial, but that every metric is a mean of the last validations."""
        finished = super()._judged(job, outcome, state)
        reports = self._compared(job, state)
        if finished.values is None or not reports:
            return finished
        return replace(finished, metrics=to_json(rung_metrics(reports, self._prune.score)))

    def _compared(self, job: Job, state: State) -> list[dict[str, Any]]:
        """The reports that count: where the schedule forks, those after the rate began to fall."""
        until = state.rungs.until(job.trial)
        assert until is not None, "a job says how far it goes"
        fork = self._jobs.fork(until) or 0
        return [one for one in state.trainings.get(job.training, []) if one["step"] > fork]

    def _values(self, job: Job, outcome: Outcome, state: State) -> list[float]:
        costs, reports = state.trials[job.trial].costs, self._compared(job, state)
        return list(rung_values(self._settings.objectives, reports, costs, self._prune.score))

    def _drop_idle(self, state: State, *, now: bool = False) -> None:
        """Delete checkpoints that nothing can promote any more.

        Of many trials it looks less often, as looking takes longer the more there are.
        """
        told = self._order.told
        if not now and told <= self._looked_at + self._looked_at // _SELDOM:
            return
        self._looked_at = told
        trials = max(self._settings.trials, len(state.trials))
        for number in self._order.ladder.idle(trials):
            if number not in self._idle and number in state.rungs.resting:
                self._idle.add(number)
                self._run.end_trial(number, weights=False)

    def _keep_to_the_disk(self, state: State, goes_on: int | None) -> None:
        """Delete what is more than the disk may hold, the least likely to be promoted first.

        goes_on: the trial that is promoted now
        """
        most, resting = self._settings.disk, state.rungs.resting
        if most is not None and self._inheriting is not None:
            most //= 2  # the weights that trials begin with have the other half
        over = 0 if most is None else sum(map(self._run.checkpoint_size, resting)) - most
        for number in self._order.ladder.least_first() if over > 0 else ():
            if over > 0 and number in resting and number != goes_on:
                over -= self._run.checkpoint_size(number)
                self._run.end_trial(number, weights=False)
