"""One start of a proxy check: what it needs before the first training, its phase, and its end."""

from __future__ import annotations

import dataclasses
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from archdsl.amounts import bounded
from archdsl.errors import SearchError
from archdsl.language.settings import SearchSettings
from archdsl.study import events
from archdsl.study.driver import Driver
from archdsl.study.engines.engine import Engine
from archdsl.study.engines.work import Evaluate
from archdsl.study.events import Listener, silent
from archdsl.study.identity.carried import portable
from archdsl.study.judge import Judge, settled
from archdsl.study.objectives import first_metric
from archdsl.study.phases.check import FINAL, PROXY, SCORES, Check
from archdsl.study.phases.jobs import Jobs
from archdsl.study.propose.members import Members
from archdsl.study.proxy.drawn import drawn, entrants, rule_of
from archdsl.study.proxy.figures import figures
from archdsl.study.proxy.measured import measured
from archdsl.study.proxy.recommended import recommended
from archdsl.study.proxy.result import ProxyCheck
from archdsl.study.proxy.same import CURES, check_setup, refuse_another_check
from archdsl.study.proxy.size import MEMBERS, SEEDS, CheckSize, size
from archdsl.study.record import events as recorded
from archdsl.study.record import files
from archdsl.study.record.folder import RunFolder, opened, state_by_now
from archdsl.study.record.former import refuse_former
from archdsl.study.record.reading import Reading
from archdsl.study.record.state import State
from archdsl.study.signals import terminable
from archdsl.study.survey import survey
from archdsl.units import counted

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.final.entrants import Entrant

FOUND = "proxy-check.json"
"""In the folder of a check: what it came to, once it is done."""

_BELOW = "proxy-check"
"""The folder of its files in the shared one, which a search may have the rest of."""

_WORDS: dict[str, str] = {
    PROXY: "under the proxy",
    FINAL: "under the final schedule",
    SCORES: "scored untrained",
}


def proxy_check(
    space: Space,
    *,
    evaluate: Evaluate | None = None,
    out: Path | None = None,
    settings: SearchSettings,
    members: int = MEMBERS,
    seeds: int = SEEDS,
    final_epochs: int | None = None,
    listener: Listener | None = None,
    salvage: bool = False,
    engine: Engine | None = None,
) -> ProxyCheck:
    """Find out how far the proxy orders architectures as longer trainings do.

    evaluate: judges candidates instead of the proxy; then each is judged so often twice, and there
        is no other schedule to compare with
    out: the folder; the same check goes on there. By default `runs/NAME-proxy-check`, and with an
        `evaluate` none is kept
    members: how many architectures; seeds: how often each is trained under either schedule
    final_epochs: of the final schedule; by default those of `search.final`, else the proxy's
    salvage: go on from the lines of a damaged record that stand before the damage
    Raises SearchError for a space with nothing to compare, a folder that holds another check,
    data that cannot be used, and trainings that all fail; InfeasibleBudget where nothing fits.
    """
    asked = size(settings, evaluate is not None, members, seeds, final_epochs)
    if space.size == 1:
        raise SearchError(
            f"{space.spec.name} has no free choices, and so nothing to compare.  give it some, as "
            "in  dim: {choice: [32, 64]}"
        )
    if all(one.name in bounded() for one in settings.objectives):
        costs = " and ".join(one.name for one in settings.objectives)
        raise SearchError(
            f"{space.spec.name} is searched for {costs} alone, which no training has to tell.  "
            "write  maximize: accuracy"
        )
    with ExitStack() as stack:
        stack.enter_context(terminable())
        if out is None and evaluate is None:
            out = Path("runs") / f"{space.spec.name}-proxy-check"
        shown = out or Path(stack.enter_context(tempfile.TemporaryDirectory())) / "check"
        folder = shown.absolute()
        settings = settled(settings)
        told = listener or silent
        for note in (*space.spec.notes, *settings.notes):
            told(events.Notice(note))
        if settings.storage is not None:
            said = "search.storage: a proxy check has one driver, and its record is in its folder"
            told(events.Notice(said))
        this = check_setup(space, settings, evaluate is not None, asked)
        refuse_former(folder)
        reading = Reading(folder, space, check=True)
        known = None if salvage else state_by_now(reading)
        if known is not None and known.created is not None and known.has_figures:
            refuse_another_check(shown, known.created.setup, this)
        session = _CheckSession(space, settings, evaluate, asked, told, engine, folder)
        surveyed = survey(space, settings.budget, session.judge.progress("measuring the layers"))
        told(events.Notice(f"{space.spec.name}: {surveyed.words()}"))
        text = portable(space.spec.dump(), space)
        created = recorded.Created(space.spec.name, text, this, surveyed.record())
        run = stack.enter_context(opened(reading, shown, space, created, salvage=salvage))
        if salvage and run.state.has_figures and run.state.created is not None:
            refuse_another_check(shown, run.state.created.setup, this)
        return session.run(run, shown if out is not None else None)


class _CheckSession:
    def __init__(
        self,
        space: Space,
        settings: SearchSettings,
        evaluate: Evaluate | None,
        asked: CheckSize,
        listener: Listener,
        engine: Engine | None,
        folder: Path,
    ) -> None:
        self.space, self.settings, self.size = space, settings, asked
        self.emit = listener
        self.judge = Judge(space, settings, evaluate, listener, folder, engine, CURES, _BELOW)
        self._state = State()

    def run(self, run: RunFolder, kept: Path | None) -> ProxyCheck:
        """Train what is missing, and say what all of it came to. kept: the folder to name"""
        self.judge.share(run)
        run.end_trials(())
        self._state = run.state
        ended: Literal["done", "interrupted"] = "interrupted"
        try:
            self._train(run, kept)
            ended = "done"
        except KeyboardInterrupt:
            pass
        found = self._result(run.state, ended, kept)
        if kept is not None and found.figures is not None:
            said = json.dumps(found.record(), indent=2, allow_nan=False) + "\n"
            files.write_text(run.folder / FOUND, said)
        return found

    def _train(self, run: RunFolder, kept: Path | None) -> None:
        training = self.judge.training
        schedule = None if training is None else training.recipe.record()
        jobs = Jobs(self.space, self.settings, run, schedule)
        objectives = self.settings.objectives
        with self.judge.engine as engine:
            driver = Driver(run, engine, self.settings, self._told, kept)
            driver.drive(Check(jobs, objectives, self._plan, lambda: self.judge.begin(run)))

    def _plan(self, state: State) -> list[recorded.Round]:
        """The rounds as they are to be: the members of the first are those of the others, too."""
        if state.rounds.all:
            first_round = state.rounds.all[0].begun
            who, rule = first_round.entrants, first_round.rule
        else:
            who = [one.record() for one in self._drawn()]
            rule = rule_of(len(who), self.size.members, self.settings)
        training = self.judge.training
        proxy = 1 if training is None else training.recipe.epochs
        first = self.settings.seed
        early = list(range(first, first + self.size.seeds))
        late = [seed + self.size.seeds for seed in early]  # so that the two share no luck
        rounds = [(PROXY, early, proxy), (FINAL, late, self.size.epochs or 1)]
        if training is not None and self.settings.proxy.datamodule is None:
            rounds.append((SCORES, early, 0))
        return [
            recorded.Round(index, 0, self.size.record(), who, seeds, epochs, rule, None, purpose)
            for index, (purpose, seeds, epochs) in enumerate(rounds)
        ]

    def _drawn(self) -> list[Entrant]:
        members = Members(self.space, self.judge.progress("visiting every architecture"))
        found = drawn(self.space, self.settings, members, self.size.members)
        if len(found) < 2:
            raise SearchError(
                f"{self.space.spec.name}: the budget leaves one architecture, and so nothing to "
                "compare.  loosen it"
            )
        if len(found) < self.size.members:
            self.emit(events.Notice(_fewer(len(found), self.size.members)))
        return entrants(found)

    def _told(self, event: events.Event) -> None:
        """Tell of a round as what it is here."""
        if not isinstance(event, events.RoundProgress):
            self.emit(event)
            return
        rounds = self._state.rounds.all
        done, total = sum(len(one.over) for one in rounds), sum(len(one) for one in rounds)
        if (last := event.last) is None:
            return
        if event.purpose != SCORES:  # which ends with more than it is compared by
            name = first_metric(self.settings.objectives)
            known = {name: last.metrics[name]} if name in last.metrics else {}
            last = dataclasses.replace(last, metrics=known)
        self.emit(events.CheckTrained(_WORDS[event.purpose], done, total, last))
        self.emit(events.Preparing(events.TRAINING, done, total))

    def _result(
        self, state: State, ended: Literal["done", "interrupted"], kept: Path | None
    ) -> ProxyCheck:
        name = self.space.spec.name
        if ended == "interrupted":
            done = sum(len(one.over) for one in state.rounds.all)
            there = f"is in {kept}; the same command goes on from there" if kept else "is lost"
            said = f"interrupted after {counted(done, 'training')}.  the record {there}"
            return ProxyCheck(name, self.size, ended, said, kept)
        what = measured(state)
        found = figures(what)
        notes = [what.unscored] if what.unscored else []
        if what.left_out:
            failed = counted(what.left_out, "architecture")
            notes.append(f"{failed} left out, of which a training failed: {what.cause}")
        trainings = sum(len(one.over) for one in state.rounds.all)
        said = f"{counted(trainings, 'training')} done"
        if kept is not None:
            said += f"; in {kept}: {FOUND}"
        if found is None:
            said = "fewer than two architectures were trained to their ends: there are no figures"
            return ProxyCheck(name, self.size, ended, said, kept, notes=tuple(notes))
        return ProxyCheck(
            name,
            self.size,
            ended,
            said,
            kept,
            found,
            recommended(found, self.settings.final),
            tuple(notes),
        )


def _fewer(found: int, asked: int) -> str:
    return (
        f"{counted(found, 'different architecture')} inside the budget for {asked} asked for: all "
        "are trained"
    )
