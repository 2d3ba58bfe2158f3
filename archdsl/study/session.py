"""One start of a search: what it needs before the first trial, its phases, and its end."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.language.settings import FinalSettings, SearchSettings
from archdsl.study import events
from archdsl.study.driver import Driver
from archdsl.study.engines.engine import Engine
from archdsl.study.engines.work import Evaluate
from archdsl.study.events import Listener, silent
from archdsl.study.final.baselines import baselines
from archdsl.study.final.verdicts import verdicts
from archdsl.study.final.winner import counted as counted_round
from archdsl.study.final.winner import failures, is_due, of_the_front, won
from archdsl.study.finish import finish
from archdsl.study.halving.jobs import is_left
from archdsl.study.halving.spent import spent
from archdsl.study.hypervolume import hypervolume
from archdsl.study.identity.carried import portable
from archdsl.study.identity.in_common import refuse_another_course
from archdsl.study.identity.setup import GOING_ON, IN_DATABASE, Cures, refuse_changes, setup
from archdsl.study.judge import Judge, settled
from archdsl.study.phases.final_round import Finals
from archdsl.study.phases.inheriting import Inheriting
from archdsl.study.phases.jobs import Jobs
from archdsl.study.phases.looking import Looking
from archdsl.study.phases.pruned import PrunedTrials
from archdsl.study.phases.trials import Trials
from archdsl.study.propose.members import Members
from archdsl.study.propose.proposals import Proposals
from archdsl.study.record import events as recorded
from archdsl.study.record.database.mirror import refuse_mirror
from archdsl.study.record.database.opening import copied
from archdsl.study.record.database.opening import opened as beside_others
from archdsl.study.record.folder import (
    RunFolder,
    opened,
    state_by_now,
    worth_keeping,
)  # fmt: skip
from archdsl.study.record.former import refuse_former
from archdsl.study.record.reading import Reading
from archdsl.study.record.state import State
from archdsl.study.record.turn import Next
from archdsl.study.result import Ending, Result
from archdsl.study.signals import Interrupted, terminable
from archdsl.study.survey import Survey, from_record, survey
from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.final.entrants import Entrant

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
    that cannot be used, an `evaluate` that cannot be sent to a worker, or beside `search.prune`,
    a record of another search, failures of one cause in a row (three before the first success, ten
    after), or 10,000 draws in a row that lead to nothing new. Raises Interrupted for Ctrl-C while
    the winner and the report are written.
    """
    with ExitStack() as stack:
        stack.enter_context(terminable())
        if out is None and evaluate is None:
            out = Path("runs") / space.spec.name
        shown = out or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "run"
        folder = shown.absolute()  # an `evaluate` may change the working directory
        settings = settled(settings)
        if settings.prune is not None and evaluate is not None:
            raise SearchError(_CANNOT_PAUSE)
        if settings.proxy.inherit and evaluate is not None:
            raise SearchError(_CANNOT_INHERIT)
        cures = GOING_ON if settings.storage is None else IN_DATABASE
        session = _Session(space, settings, evaluate, listener or silent, engine, folder, cures)
        for note in (*space.spec.notes, *settings.notes):
            session.emit(events.Notice(note))
        this = setup(space, settings, evaluate is not None)
        refuse_former(folder)
        storage = settings.storage
        if storage is None:
            refuse_mirror(folder)
        elif salvage:
            raise SearchError(_NOTHING_TO_SALVAGE)
        elif settings.shared is None and evaluate is None:
            raise SearchError(_NOTHING_SHARED)
        else:
            copied(storage, space.spec.name, folder)
        reading = Reading(folder, space)
        known = None if salvage else _same_run(reading, shown, this, cures)
        if known is not None and known.created is not None:
            surveyed = from_record(known.created.survey)
        else:
            surveyed = session.survey()
            session.refuse_baselines()
            session.prepare()
        text = portable(space.spec.dump(), space)
        created = recorded.Created(space.spec.name, text, this, surveyed.record())
        run = stack.enter_context(
            opened(reading, shown, space, created, salvage=salvage)
            if storage is None
            else beside_others(storage, reading, shown, space, created, session.notice)
        )
        assert run.state.created is not None, "a run that is open has begun"
        if run.state.worth_something:
            refuse_changes(shown, run.state.created.setup, this, cures)
        refuse_another_course(run.others, run.state.created.setup, this)
        return session.run(run, surveyed, this, kept=out is not None)


def _same_run(
    reading: Reading, shown: Path, setup: Mapping[str, Any], cures: Cures
) -> State | None:
    """The state of this very search, or None where a search begins afresh.

    A changed search may take the place of one without a trial. Raises SearchError for one that
    has trials, naming what differs.
    """
    state = state_by_now(reading)
    if state is None or state.created is None:
        return None
    try:
        refuse_changes(shown, state.created.setup, setup, cures)
    except SearchError:
        if state.worth_something:
            raise
        return None
    return state


_NOTHING_TO_SALVAGE = (
    "--salvage: the record is in a database, and the copy in the run directory is made anew by "
    "itself.  drop --salvage"
)


_NOTHING_SHARED = (
    "search.storage: other drivers go on with what this one leaves, and need its checkpoints and "
    "weights.  name a folder that all machines reach, as in  search.shared: "
    "file:///mnt/shared/digits  or  s3://bucket/digits"
)


_CANNOT_PAUSE = (
    "search.prune: an evaluate of your own cannot be paused and gone on with.  drop search.prune, "
    "or name your training as search.proxy.module"
)


_CANNOT_INHERIT = (
    "search.proxy.inherit: an evaluate of your own builds its candidates itself, with fresh "
    "weights.  drop search.proxy.inherit, or name your training as search.proxy.module"
)


class _Session:
    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        evaluate: Evaluate | None,
        listener: Listener,
        engine: Engine | None,
        folder: Path,
        cures: Cures,
    ) -> None:
        self.space = space
        self.settings = settings
        self.emit = listener
        self.judge = Judge(space, settings, evaluate, listener, folder, engine, cures)
        self._progress = self.judge.progress
        self.members = Members(space, self._progress("visiting every architecture"))
        self.proposals = Proposals(
            space, settings, self.members, self._progress("looking for what fits the budget")
        )
        self._beside: list[Entrant] | None = None
        self._round_stands = False

    def notice(self, what: str) -> None:
        """Tell the listener something that is to be known."""
        self.emit(events.Notice(what))

    @property
    def final(self) -> FinalSettings | None:
        """The final round that there is to be."""
        final = self.settings.final
        return (
            final if final is not None and is_due(final.asked, self.judge.own is not None) else None
        )

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
                _unfinished(state, self.settings)
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
        if self.judge.own is not None and settings.final is not None and settings.final.epochs:
            self.emit(events.Notice("search.final.epochs: an evaluate has epochs of its own"))

    def survey(self) -> Survey:
        """How large the space is and how much of it fits. Raises InfeasibleBudget."""
        return survey(self.space, self.settings.budget, self._progress(_MEASURING))

    def prepare(self) -> None:
        """Find out before the first trial what would make every trial fail."""
        if self.proposals.by_cost:
            self.space.tabulate(self._progress(_MEASURING))
        self.judge.read_data()

    def run(
        self, run: RunFolder, surveyed: Survey, setup: Mapping[str, Any], *, kept: bool
    ) -> Result:
        """Go on from the record until the search is over, in whatever way."""
        settings, state = self.settings, run.state
        folder = run.shown if kept else None
        self.judge.share(run)
        run.end_trials(worth_keeping(state))
        done = tuple(state.judged())
        self.emit(events.Started(self.space.spec.name, settings, surveyed, folder, done))
        if state.best is not None:
            self.emit(events.Best(state.best))
        stopped: SearchError | None = None
        before = False
        claim: str | None = None
        ended: Ending = "interrupted"
        notes: list[str] = []
        try:
            self._say_what_is_ignored()
            self._see_to_baselines(state)
            if _unfinished(state, settings):
                self._begin_training(run)
            run.turn(lambda state, busy: _changed(state, setup, run.others))
            ended = self._phases(run, folder, notes, kept=kept)
        except KeyboardInterrupt:
            before = True
        except SearchError as error:
            stopped = error
        run.sort_trials()
        if kept and (stopped is None or len(state.judged()) > len(done)):
            try:
                left = finish(run, self.emit)
                notes += left.notes
                claim = left.claim
            except KeyboardInterrupt:
                raise Interrupted(_at_once(before, len(state.finished), folder)) from None
        if stopped is not None:
            raise stopped
        result = self._result(run, surveyed, ended, notes, claim, kept=kept)
        self.emit(events.Finished(result))
        return result

    def _phases(
        self, run: RunFolder, folder: Path | None, notes: list[str], *, kept: bool
    ) -> Ending:
        """Trials, and then a look at the test split, where there is a record and a split."""
        training = self.judge.training
        schedule = None if training is None else training.recipe.record()
        jobs = Jobs(self.space, self.settings, run, schedule)
        trials = self._trials(jobs, run)
        with self.judge.engine as engine:
            driver = Driver(run, engine, self.settings, self.emit, folder)
            driver.drive(trials)
            if self.final is not None and not self._round_stands:
                epochs = 1 if training is None else training.recipe.epochs
                final = Finals(
                    self.space, self.settings, self.final, self._beside or [], jobs, epochs,
                    lambda: self._begin_training(run),
                )  # fmt: skip
                driver.drive(final)
                notes += filter(None, [failures(run.state)])
            if kept and training is not None and run.state.best is not None:
                self.emit(events.Preparing("looking at the test split"))
                looking = Looking(run, jobs, lambda: self.judge.hold(run))
                driver.drive(looking)
                notes += looking.notes
        return "exhausted" if trials.exhausted else "done"

    def _trials(self, jobs: Jobs, run: RunFolder) -> Trials:
        settings = self.settings
        inherit = settings.proxy.inherit
        inheriting = Inheriting(self.space, settings, run) if inherit else None
        if settings.prune is None:
            return Trials(settings, self.proposals, jobs, inheriting)
        return PrunedTrials(settings, settings.prune, self.proposals, jobs, run, inheriting)

    def _begin_training(self, run: RunFolder) -> None:
        """What comes before the first training of this start, of a trial or of the final round."""
        self.prepare()
        self.judge.begin(run)

    def _result(
        self, run: RunFolder, surveyed: Survey, ended: Ending, notes: list[str],
        claim: str | None, *, kept: bool,
    ) -> Result:  # fmt: skip
        state, objectives = run.state, self.settings.objectives
        final = counted_round(state)
        trials = tuple(state.judged())
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
            spent=spent(state),
            claim=claim,
            finalists=() if final is None else final.entrants,
        )


def _changed(state: State, setup: Mapping[str, Any], others: Sequence[str]) -> Next | None:
    """What may change between sessions, where it did. others: drivers that are at the study"""
    assert state.created is not None, "a run that is open has begun"
    refuse_another_course(others, state.created.setup, setup)
    return None if state.created.setup == setup else Next(recorded.Changed(dict(setup)))


def _at_once(before: bool, done: int, folder: Path | None) -> str:
    """What is said where a search does not come to its end. before: whether it was interrupted."""
    when = "once more" if before else "at the end"
    return (
        f"interrupted {when}, after {counted(done, 'trial')}: the winner's files and the report "
        f"may be those of before.  the record is in {folder}; the same command goes on from there"
    )


def _unfinished(state: State, settings: SearchSettings) -> bool:
    """Whether any of the trials is to begin or to go on."""
    trials, prune = settings.trials, settings.prune
    if prune is not None and (state.pending or is_left(prune, settings.objectives, state.rungs)):
        return True
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
