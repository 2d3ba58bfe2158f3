"""The search: propose, count, judge, record, until the trials are spent.

This process alone writes the record. A trial is a function of its spec, the schedule and the
seed; it enters the record whole, when it is finished, and the next proposal follows from the
record. So a search can be killed at any moment and goes on with the same command: the trial
that was running vanishes and is proposed again.
"""

from __future__ import annotations

import dataclasses
import gc
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.progress import Progress
from archdsl.study import causes, events
from archdsl.study.candidate import Candidate, as_metrics, not_finite
from archdsl.study.events import Listener, silent
from archdsl.study.evidence import Evidence, evidence
from archdsl.study.finish import finish
from archdsl.study.hypervolume import hypervolume
from archdsl.study.members import Members
from archdsl.study.objectives import best, first_metric, front, values_of
from archdsl.study.proposals import Proposal, Proposals
from archdsl.study.result import Ending, Result
from archdsl.study.run_folder import RunFolder, opened, same_run
from archdsl.study.setup import setup
from archdsl.study.survey import Survey, from_record, survey
from archdsl.study.training import ProxyTraining
from archdsl.study.trial import Metrics, Trial
from archdsl.study.untrained import untrained

if TYPE_CHECKING:
    from archdsl.spaces import Space

_MEASURING = "measuring each distinct layer once"

Evaluate: TypeAlias = Callable[[Candidate], "float | Mapping[str, float]"]


def search(
    space: Space,
    *,
    evaluate: Evaluate | None = None,
    out: Path | None = None,
    settings: SearchSettings,
    listener: Listener | None = None,
) -> Result:
    """Search a space inside its budget.

    evaluate: judges a candidate; without it each is trained on the proxy's data
    out: the run directory; where one lies there already, the search goes on. Without it the
        record of proxy training goes to `runs/NAME`, and a search with its own `evaluate`
        leaves none
    Raises InfeasibleBudget before the first trial where nothing fits, and SearchError for data
    that cannot be used, a record of another search, three failures of one cause in a row, or
    10,000 draws in a row that lead to nothing new.
    """
    with ExitStack() as stack:
        if out is None and evaluate is None:
            out = Path("runs") / space.spec.name
        folder = out
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "run"
        search_ = _Search(space, settings, evaluate, listener or silent)
        this = setup(space, settings, evaluate is not None)
        known = same_run(folder, this)
        if known is not None:
            surveyed = from_record(known["survey"])
        else:
            surveyed = search_.survey()
            search_.prepare()
        run = stack.enter_context(opened(folder, space, settings, this, surveyed))
        return search_.run(run, surveyed, this, kept=out is not None)


class _Search:
    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        evaluate: Evaluate | None,
        listener: Listener,
    ) -> None:
        self.space = space
        self.settings = settings
        self.emit = listener
        self.members = Members(space, self._progress("visiting every architecture"))
        self.proposals = Proposals(
            space, settings, self.members, self._progress("looking for what fits the budget")
        )
        self.training = (
            ProxyTraining(space, settings.proxy, self._progress("reading the images"))
            if evaluate is None
            else None
        )
        self.evaluate: Evaluate = evaluate or self._train
        self._own = evaluate
        self._held: Evidence | None = None

    def survey(self) -> Survey:
        """How large the space is and how much of it fits. Raises InfeasibleBudget."""
        return survey(self.space, self.settings.budget, self._progress(_MEASURING))

    def prepare(self) -> None:
        """Find out before the first trial what would make every trial fail."""
        if self.proposals.by_cost:
            self.space.tabulate(self._progress(_MEASURING))
        if self.training is not None:
            self._read_data(self.training)

    def _read_data(self, training: ProxyTraining) -> None:
        if training.prepared is None:
            self.emit(events.Preparing("reading the images"))
            for note in training.prepare().info.notes:
                self.emit(events.Notice(note))

    def hold(self, run: RunFolder) -> None:
        """See that the next figure follows from what the others did. Raises SearchError."""
        prepared, words = None, ""
        if self.training is not None:
            self._read_data(self.training)
            prepared = self.training.prepare()
            words = prepared.info.words()
        known = evidence(self.space, self.settings.proxy, self._own, prepared)
        if self._held is not None:  # an edit since then does not reach what Python imported
            known = dataclasses.replace(
                known, files=self._held.files, packages=self._held.packages, edited=()
            )
        run.hold_to(known, words)
        self._held = known
        if prepared is not None:
            run.note_data(prepared.info)

    def run(
        self, run: RunFolder, surveyed: Survey, setup: Mapping[str, Any], *, kept: bool
    ) -> Result:
        """Go on from the record until the search is over, in whatever way."""
        settings, folder = self.settings, run.folder if kept else None
        self.proposals.tell(run.trials)
        run.keep_weights(self._worth_keeping(front(settings.objectives, run.trials)))
        name = self.space.spec.name
        self.emit(events.Started(name, settings, surveyed, folder, tuple(run.trials)))
        if run.trials and (known := best(settings.objectives, run.trials)) is not None:
            self.emit(events.Best(known))
        stopped: SearchError | None = None
        ended: Ending = "interrupted"
        before = len(run.trials)
        try:
            trains = len(run.trials) < settings.trials
            if trains:
                self.prepare()
                self.hold(run)
            run.note_start(setup, trains=trains)
            ended = self._trials(run, folder)
        except KeyboardInterrupt:
            pass
        except SearchError as error:
            stopped = error
        over = ended != "interrupted" and stopped is None
        notes: list[str] = []
        if kept and (stopped is None or len(run.trials) > before):
            hold = (lambda: self.hold(run)) if over and self.training is not None else None
            notes = finish(run, settings, self.emit, hold)
        if stopped is not None:
            raise stopped
        result = Result(
            best=best(settings.objectives, run.trials),
            trials=tuple(run.trials),
            front=tuple(front(settings.objectives, run.trials)),
            ended=ended,
            message=_message(ended, run, settings, kept),
            survey=surveyed,
            folder=folder,
            notes=tuple(notes),
            hypervolume=hypervolume(settings.objectives, run.trials),
        )
        self.emit(events.Finished(result))
        return result

    def _trials(self, run: RunFolder, kept: Path | None) -> Ending:
        proposals, objectives = self.proposals, self.settings.objectives
        leading = front(objectives, run.trials)
        while len(run.trials) < self.settings.trials:
            proposal = proposals.next(len(run.trials))
            if proposal is None:
                return "exhausted"
            trial = untrained(proposal, run.trials, self.settings.budget, self.space)
            trial = trial or self._trial(run, proposal)
            before = leading[:1]
            run.add(trial)
            leading = front(objectives, [*leading, trial])  # whom it has beaten, it has beaten
            run.keep_weights(self._worth_keeping(leading))
            proposals.tell([trial])
            self.emit(events.TrialFinished(trial))
            if leading[:1] != before:
                self.emit(events.Best(trial))
            if causes.hopeless(run.trials):
                raise SearchError(_stopped(run.trials, kept))
        return "done"

    def _trial(self, run: RunFolder, proposal: Proposal) -> Trial:
        number, costs = len(run.trials), proposal.cost.totals()
        decisions = dict(proposal.spec.decisions)
        self.emit(events.TrialStarted(number, proposal.origin, decisions, costs))
        candidate = Candidate(
            proposal.spec,
            proposal.cost,
            number,
            self.settings.seed,
            run.work_folder(),
            metric=first_metric(self.settings.objectives),
            on_report=lambda step, metrics: self.emit(events.Epoch(number, step, metrics)),
        )
        outcome: dict[str, Any] = {}
        begun = time.monotonic()
        try:
            outcome["metrics"] = as_metrics(self.evaluate(candidate), candidate.metric)
            outcome["values"] = self._values(outcome["metrics"], costs)
            failed = False
        except Exception as error:
            outcome["cause"], outcome["trace"] = causes.described(error)
            failed = True
        seconds = time.monotonic() - begun
        if failed:
            gc.collect()  # a model that died for want of memory is to be gone before the next
        return Trial(
            number=number,
            origin=proposal.origin,
            decisions=decisions,
            text=proposal.spec.dump(),
            costs=costs,
            network=proposal.network,
            state="failed" if failed else "complete",
            epochs=tuple(candidate.epochs),
            seconds=round(seconds, 3),
            space=self.space,
            **outcome,
        )

    def _values(self, metrics: Metrics, costs: Mapping[str, int]) -> tuple[float, ...]:
        objectives = self.settings.objectives
        values = values_of(objectives, metrics, costs)
        wrong = not_finite(dict(zip((one.name for one in objectives), values, strict=True)))
        if wrong is not None:
            raise SearchError(wrong)
        return values

    def _train(self, candidate: Candidate) -> Mapping[str, float]:
        assert self.training is not None, "without an evaluate there is training"
        return self.training(candidate)

    @staticmethod
    def _worth_keeping(leading: list[Trial]) -> list[int]:
        """The best, and the first: what a winner is compared with."""
        return [0, *(trial.number for trial in leading)]

    def _progress(self, what: str) -> Progress:
        return lambda done, total: self.emit(events.Preparing(what, done, total))


def _stopped(trials: list[Trial], folder: Path | None) -> str:
    last = trials[-1]
    trace = "".join(f"\n  {line}" for line in (last.trace or "").splitlines()[-1:])
    successes = any(trial.cause is None for trial in trials if trial.trained)
    count = causes.LATER if successes else causes.AT_FIRST
    record = f"\n  the record is in {folder}; mend the cause, and the same command goes on"
    if successes:  # whose figures follow from what there was
        record += ".  where the cause is in code or data of your own, choose another --out"
    if folder is None:
        record = ""
    return f"{count} trials in a row failed of the same cause: {last.cause}{trace}{record}"


def _message(ended: Ending, run: RunFolder, settings: SearchSettings, kept: bool) -> str:
    done, total = len(run.trials), settings.trials
    if ended == "exhausted":
        return (
            f"the space is exhausted: all {done:,} different architectures inside the budget were "
            f"tried, of {total:,} trials asked for"
        )
    if ended == "interrupted":
        there = f"is in {run.folder}; the same command goes on from there" if kept else "is lost"
        return f"interrupted after {done:,} of {total:,} trials.  the record {there}"
    return f"{done:,} trials done"
