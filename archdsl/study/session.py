"""One start of a search: what it needs before the first trial, its phases, and its end."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.language.settings import FinalSettings, SearchSettings
from archdsl.progress import Progress
from archdsl.study import events
from archdsl.study.driver import Driver
from archdsl.study.engines.engine import Engine
from archdsl.study.engines.inline import Inline
from archdsl.study.engines.proxy_training import ProxyTraining
from archdsl.study.engines.seat import Limits
from archdsl.study.engines.work import Evaluate, Work
from archdsl.study.engines.workers import Staff, Workers
from archdsl.study.events import Listener, silent
from archdsl.study.final.baselines import baselines
from archdsl.study.final.verdicts import verdicts
from archdsl.study.final.winner import failures, is_due, of_the_front, won
from archdsl.study.finish import finish
from archdsl.study.hypervolume import hypervolume
from archdsl.study.identity.carried import portable
from archdsl.study.identity.evidence import (
    Evidence,
    evidence,
    on_record,
    refuse_edited,
    refuse_other_evidence,
    write_data,
)  # fmt: skip
from archdsl.study.identity.setup import machine, refuse_changes, setup, versions
from archdsl.study.phases.final_round import Finals
from archdsl.study.phases.jobs import Jobs
from archdsl.study.phases.looking import Looking
from archdsl.study.phases.trials import Trials
from archdsl.study.propose.members import Members
from archdsl.study.propose.proposals import Proposals
from archdsl.study.record import events as recorded
from archdsl.study.record.folder import (
    SHARED,
    WORKERS,
    RunFolder,
    opened,
    state_by_now,
    worth_keeping,
)  # fmt: skip
from archdsl.study.record.former import refuse_former
from archdsl.study.record.reading import Reading
from archdsl.study.record.state import State
from archdsl.study.result import Ending, Result
from archdsl.study.signals import Interrupted, terminable
from archdsl.study.survey import Survey, from_record, survey
from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.final.entrants import Entrant
    from archdsl.training.prepare import Prepared

_MEASURING = "measuring each distinct layer once"


def search(
    space: Space,
    *,
    evaluate: Evaluate | None = None,
    out: Path | None = None,
    settings: SearchSettings,
    listener: Listener | None = None,
    salvage: bool = False,
    engine: Engine | None = None,
) -> Result:
    """Search a space inside its budget.

    evaluate: judges a candidate; without it each is trained on the proxy's data
    out: the run directory; where one lies there already, the search goes on. Without it the
        record of proxy training goes to `runs/NAME`, and a search with its own `evaluate`
        leaves none
    salvage: go on from the lines of a damaged record that stand before the damage
    engine: what runs the jobs; without it, this process, one after another, or worker processes
        where the settings ask for several, or for a limit of memory or of time
    Raises InfeasibleBudget before the first trial where nothing fits, and SearchError for data
    that cannot be used, an `evaluate` that cannot be sent to a worker, a record of another search,
    failures of one cause in a row (three before the first success, ten after), or 10,000 draws in
    a row that lead to nothing new. Raises Interrupted for Ctrl-C while the winner and the report
    are written.
    """
    with ExitStack() as stack:
        stack.enter_context(terminable())
        if out is None and evaluate is None:
            out = Path("runs") / space.spec.name
        shown = out or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "run"
        folder = shown.absolute()  # an `evaluate` may change the working directory
        settings = _settled(settings)
        session = _Session(space, settings, evaluate, listener or silent, engine, folder)
        for note in (*space.spec.notes, *settings.notes):
            session.emit(events.Notice(note))
        this = setup(space, settings, evaluate is not None)
        refuse_former(folder)
        reading = Reading(folder, space)
        known = None if salvage else _same_run(reading, shown, this)
        if known is not None and known.created is not None:
            surveyed = from_record(known.created.survey)
        else:
            surveyed = session.survey()
            session.refuse_baselines()
            session.prepare()
        text = portable(space.spec.dump(), space)
        created = recorded.Created(space.spec.name, text, this, surveyed.record())
        run = stack.enter_context(opened(reading, shown, space, created, salvage=salvage))
        assert run.state.created is not None, "a run that is open has begun"
        if run.state.finished:
            refuse_changes(shown, run.state.created.setup, this)
        return session.run(run, surveyed, this, kept=out is not None)


def _settled(settings: SearchSettings) -> SearchSettings:
    """The settings with every path absolute, whatever becomes of the working directory."""
    folder = Path(settings.proxy.folder).absolute()
    return dataclasses.replace(settings, proxy=dataclasses.replace(settings.proxy, folder=folder))


def _same_run(reading: Reading, shown: Path, setup: Mapping[str, Any]) -> State | None:
    """The state of this very search, or None where a search begins afresh.

    A changed search may take the place of one without a trial. Raises SearchError for one that
    has trials, naming what differs.
    """
    state = state_by_now(reading)
    if state is None or state.created is None:
        return None
    try:
        refuse_changes(shown, state.created.setup, setup)
    except SearchError:
        if state.finished:
            raise
        return None
    return state


class _Session:
    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        evaluate: Evaluate | None,
        listener: Listener,
        engine: Engine | None,
        folder: Path,
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
        self._own = evaluate
        self._beside: list[Entrant] | None = None
        self._noted = False
        self._round_stands = False
        self.engine = engine or self._engine(folder)
        self._held: Evidence | None = None

    def _engine(self, folder: Path) -> Engine:
        """What runs the jobs: this process, or others where one alone cannot do as it is asked."""
        settings = self.settings
        limited = settings.memory is not None or settings.trial_timeout is not None
        if settings.workers == 1 and not limited:
            return Inline(Work(self._own, space=self.space, training=self.training))
        return Workers(
            Staff(
                settings.workers,
                settings.per_gpu,
                settings.memory,
                Limits(settings.trial_timeout),
                folder / WORKERS,
                folder / SHARED,
            ),
            self._own,
            lambda: None if self.training is None else self.training.prepared,
            lambda number, line: self.emit(events.Said(number, line)),
            lambda what: self.emit(events.Notice(what)),
        )

    @property
    def final(self) -> FinalSettings | None:
        """The final round that there is to be."""
        final = self.settings.final
        return final if final is not None and is_due(final.asked, self._own is not None) else None

    def refuse_baselines(self) -> None:
        """Raise SearchError for a baseline that does not fit, before the first trial."""
        if self._beside is None:
            some = self.final is not None
            self._beside = baselines(self.space, self.settings) if some else []

    def _see_to_baselines(self, state: State) -> None:
        """Read the baselines again, where a round is still to begin or to be trained."""
        try:
            self.refuse_baselines()
        except SearchError as error:
            last = state.rounds.last
            if (
                _unfinished(state, self.settings.trials)
                or last is None
                or not last.done
                or last.begun.trials != len(state.finished)
            ):
                raise
            self._round_stands = True
            self.emit(events.Notice(f"{error}.  the final round that is on record stands"))

    def _say_what_is_ignored(self) -> None:
        """Say of settings of the final round that they come to nothing."""
        settings = self.settings
        if self.final is None and settings.baselines:
            said = "search.baselines: there is no final round to train them in"
            cure = "write  search.final: {}  for one"
            self.emit(events.Notice(f"{said}.  {cure}"))
        if self._own is not None and settings.final is not None and settings.final.epochs:
            self.emit(events.Notice("search.final.epochs: an evaluate has epochs of its own"))

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
        """See that the next figure follows from what the others did. Raises SearchError.

        As long as every trial has failed there is no figure, and what made them fail may be
        mended.
        """
        prepared, words = None, ""
        if self.training is not None:
            self._read_data(self.training)
            prepared = self.training.prepare()
            words = prepared.info.words()
        new = evidence(self.space, self.settings.proxy, self._own, prepared)
        if self._held is not None:  # an edit since then does not reach what Python imported
            new = dataclasses.replace(
                new, files=self._held.files, packages=self._held.packages, edited=()
            )
        state = run.state
        if state.has_figures and state.evidence is not None:
            words = state.data.words if state.data is not None else words
            refuse_other_evidence(run.shown, words, state.evidence, new)
        refuse_edited(new)
        if not state.has_figures and state.evidence != (known := on_record(new)):
            run.add(recorded.Evidence(known))
            for trial in state.pending:  # what it was trained on so far may have been mended
                run.begin_trial(trial.number)
        write_data(run.folder, new)
        self._held = new
        if prepared is not None:
            self._record_data(run, prepared)

    def _record_data(self, run: RunFolder, prepared: Prepared) -> None:
        """Put on record what the data are, which is not replaced once a figure follows from it."""
        info, said, known = prepared.info, prepared.preprocessing, run.state.data
        made = None if said is None else said.record()
        data = recorded.Data(info.words(), dict(info.counts), list(info.notes), made)
        if known is not None and run.state.has_figures:  # an older version left this out
            data = dataclasses.replace(known, preprocessing=known.preprocessing or made)
        if known != data:
            run.add(data)

    def run(
        self, run: RunFolder, surveyed: Survey, setup: Mapping[str, Any], *, kept: bool
    ) -> Result:
        """Go on from the record until the search is over, in whatever way."""
        settings, state = self.settings, run.state
        folder = run.shown if kept else None
        run.end_trials(worth_keeping(state))
        done = tuple(state.in_order())
        self.emit(events.Started(self.space.spec.name, settings, surveyed, folder, done))
        if state.best is not None:
            self.emit(events.Best(state.best))
        stopped: SearchError | None = None
        before = False
        ended: Ending = "interrupted"
        notes: list[str] = []
        try:
            self._say_what_is_ignored()
            self._see_to_baselines(state)
            if _unfinished(state, settings.trials):
                self._begin_training(run)
            if run.state.created is not None and run.state.created.setup != setup:
                run.add(recorded.Changed(dict(setup)))
            ended = self._phases(run, folder, notes, kept=kept)
        except KeyboardInterrupt:
            before = True
        except SearchError as error:
            stopped = error
        run.sort_trials()
        if kept and (stopped is None or len(state.finished) > len(done)):
            try:
                notes += finish(run, self.emit)
            except KeyboardInterrupt:
                raise Interrupted(_at_once(before, len(state.finished), folder)) from None
        if stopped is not None:
            raise stopped
        result = self._result(run, surveyed, ended, notes, kept=kept)
        self.emit(events.Finished(result))
        return result

    def _phases(
        self, run: RunFolder, folder: Path | None, notes: list[str], *, kept: bool
    ) -> Ending:
        """Trials, and then a look at the test split, where there is a record and a split."""
        schedule = None if self.training is None else self.training.recipe.record()
        jobs = Jobs(self.space, self.settings, run, schedule)
        trials = Trials(self.settings, self.proposals, jobs)
        with self.engine as engine:
            driver = Driver(run, engine, self.settings, self.emit, folder)
            driver.drive(trials)
            if self.final is not None and not self._round_stands:
                epochs = 1 if self.training is None else self.training.recipe.epochs
                final = Finals(
                    self.space, self.settings, self.final, self._beside or [], jobs, epochs,
                    lambda: self._begin_training(run),
                )  # fmt: skip
                driver.drive(final)
                notes += filter(None, [failures(run.state)])
            if kept and self.training is not None and run.state.best is not None:
                self.emit(events.Preparing("looking at the test split"))
                looking = Looking(run, jobs, lambda: self.hold(run))
                driver.drive(looking)
                notes += looking.notes
        return "exhausted" if trials.exhausted else "done"

    def _begin_training(self, run: RunFolder) -> None:
        """What comes before the first training of this start, of a trial or of the final round."""
        if self._noted:
            return
        self.prepare()
        self.hold(run)
        self._note_session(run)

    def _note_session(self, run: RunFolder) -> None:
        self._noted = True
        begun = datetime.now(UTC).isoformat(timespec="seconds")
        first, workers = len(run.state.trials), self.engine.capacity
        threads = self.engine.threads if isinstance(self.engine, Workers) else None
        run.add(recorded.Session(begun, first, versions(), machine(threads), workers))

    def _result(
        self, run: RunFolder, surveyed: Survey, ended: Ending, notes: list[str], *, kept: bool
    ) -> Result:
        state, objectives = run.state, self.settings.objectives
        trials = tuple(state.in_order())
        return Result(
            best=state.best,
            winner=won(state),
            trials=trials,
            front=tuple(state.leading),
            ended=ended,
            message=_message(ended, len(trials), self.settings.trials, run.shown, kept),
            survey=surveyed,
            folder=run.shown if kept else None,
            notes=tuple(notes),
            verdicts=verdicts(state),
            front_members=tuple(of_the_front(state)),
            hypervolume=hypervolume(objectives, trials),
            objectives=objectives,
        )

    def _progress(self, what: str) -> Progress:
        return lambda done, total: self.emit(events.Preparing(what, done, total))


def _at_once(before: bool, done: int, folder: Path | None) -> str:
    """What is said where a search does not come to its end. before: whether it was interrupted."""
    when = "once more" if before else "at the end"
    return (
        f"interrupted {when}, after {counted(done, 'trial')}: the winner's files and the report "
        f"may be those of before.  the record is in {folder}; the same command goes on from there"
    )


def _unfinished(state: State, trials: int) -> bool:
    """Whether any of so many trials is not over."""
    return len(state.trials) < trials or any(one.number < trials for one in state.pending)


def _message(ended: Ending, done: int, total: int, folder: Path, kept: bool) -> str:
    if ended == "exhausted":
        return (
            f"the space is exhausted: all {done:,} different architectures inside the budget were "
            f"tried, of {counted(total, 'trial')} asked for"
        )
    if ended == "interrupted":
        there = f"is in {folder}; the same command goes on from there" if kept else "is lost"
        return f"interrupted after {done:,} of {counted(total, 'trial')}.  the record {there}"
    return f"{counted(done, 'trial')} done"
