"""The state of a study: a fold over the events on record, and nothing else."""

from __future__ import annotations

import dataclasses
import sys
from bisect import insort
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from archdsl.language.settings import Objective
from archdsl.study.objectives import joined
from archdsl.study.record.events import (
    Changed,
    Created,
    Data,
    Epoch,
    Evaluated,
    Event,
    Evidence,
    Exhausted,
    Finished,
    Looked,
    Malformed,
    Paused,
    Promoted,
    Proposed,
    Reached,
    Retried,
    Round,
    Running,
    Session,
    Training,
    TrainingOver,
)
from archdsl.study.record.rounds import Rounds, SplitLook, of_a_round
from archdsl.study.record.rungs import Rungs
from archdsl.study.trial import Trial, from_json

if TYPE_CHECKING:
    from archdsl.spaces import Space


class TrainingStart(NamedTuple):
    """A training begins, or goes on.

    session: which of the starts of the search it is in, from 0
    step: what it goes on from, None for afresh; accumulate: micro-batches of a batch from here on
    node, there: as `Running` has them
    """

    session: int
    step: float | None
    accumulate: int
    node: str | None
    there: dict[str, str]


class State:
    """What is known after some events. `hear` takes the next one.

    created: how the study began, with `setup` as it is now; None before the first event
    sessions: the starts at which something was trained
    exhausted: whether every architecture inside the budget was tried
    evidence, data: what the figures follow from; None before the first training
    trials: number -> trial, whatever its state; finished: those that are over, as they ended
    trainings: training -> its reports, those of steps that were trained anew left out
    starts: training -> where it began or went on, and how, in order
    retries: training -> how often it was broken off and went on
    repeated: training -> the epochs that it trained once more, as what came after them was lost
    rungs: the jobs of a search that pauses and promotes
    rounds: the final ones of a search, or those of a proxy check
    looks: training -> what its weights came to on the test split
    evaluated: the looks there of later, by `archdsl evaluate`
    leading: the trials that no other dominates, the best in the first objective first
    """

    def __init__(self, space: Space | None = None) -> None:
        self.created: Created | None = None
        self.sessions: list[Session] = []
        self.exhausted = False
        self.evidence: dict[str, Any] | None = None
        self.data: Data | None = None
        self.trials: dict[int, Trial] = {}
        self.finished: list[Trial] = []
        self.trainings: dict[Training, list[dict[str, Any]]] = {}
        self.starts: dict[Training, list[TrainingStart]] = {}
        self.retries: dict[Training, list[Retried]] = {}
        self.repeated: dict[Training, int] = {}
        self.rungs = Rungs()
        self.rounds = Rounds()
        self.looks: dict[Training, SplitLook] = {}
        self.evaluated: list[Evaluated] = []
        self.leading: list[Trial] = []
        self.objectives: tuple[Objective, ...] = ()
        self._space = space
        self._open = set[int]()
        self._in_order = list[Trial]()
        self._went_on: dict[int, Training] = {}  # of the trials that are not over, the last

    @property
    def best(self) -> Trial | None:
        """The best in the first objective among those that no other dominates."""
        return self.leading[0] if self.leading else None

    @property
    def pending(self) -> list[Trial]:
        """The trials that are to go on, in the order of their numbers."""
        return [self.trials[n] for n in sorted(self._open - self.rungs.resting)]

    @property
    def has_figures(self) -> bool:
        """Whether any trial, or training of a round, came to a value."""
        over = (over for one in self.rounds.all for over in one.over.values())
        of_rounds = any(one.state == "complete" for one in over)
        return bool(self.leading) or self.rungs.has_figures or of_rounds

    @property
    def worth_something(self) -> bool:
        """Whether there is anything on record whose place no other run may take."""
        return bool(self.finished or self.rounds.all) or self.rungs.has_figures

    def in_order(self) -> Sequence[Trial]:
        """The trials that are over, in the order of their numbers."""
        return self._in_order

    def judged(self) -> Sequence[Trial]:
        """The same, with those among them that were put aside and may still be promoted."""
        if not self.rungs.resting:
            return self._in_order
        resting = [self.trials[number] for number in self.rungs.resting]
        return sorted([*self._in_order, *resting], key=lambda one: one.number)

    def curve(self, training: Training) -> list[dict[str, Any]]:
        """All reports of a training; of a branch those of its trunk before it, too."""
        own = self.trainings[training]
        if not training.branch:
            return own
        trunk = self.trainings.get(training._replace(branch=0), ())
        return [one for one in trunk if not own or one["step"] < own[0]["step"]] + own

    def check(self, event: Event) -> None:
        """Raise Malformed for an event that cannot come next."""
        if (self.created is None) != isinstance(event, Created):
            raise Malformed("a record begins with 'created', once")
        match event:
            case Created(setup=setup) | Changed(setup=setup):
                _objectives(setup)
            case Proposed(number):
                if number != len(self.trials):
                    raise Malformed(f"trial {number} is proposed after {len(self.trials)} others")
            case Running():
                self._may_run(event)
            case Epoch(training) | Paused(training) | Retried(training):
                self._runs(training)
            case Reached(training, step):
                self._runs(training)
                self.rungs.check_rest(training.trial, step)
            case Promoted(number, until):
                self.rungs.check_promotion(number, until)
            case Finished(number):
                self._known(number, "proposed", "running", "paused")
            case Round():
                self.rounds.check(event)
            case TrainingOver(training):
                self._runs(training)
            case Looked(training):
                self._complete(training)

    def hear(self, event: Event) -> None:
        """Take the next event. Raises Malformed for one that cannot come next."""
        self.check(event)
        match event:
            case Created(setup=setup):
                self.created = event
                self.objectives = _objectives(setup)
            case Changed(setup):
                assert self.created is not None
                self.created = dataclasses.replace(self.created, setup=setup)
            case Session():
                self.sessions.append(event)
                self.rungs.begin(event.workers)
            case Exhausted():
                self.exhausted = True
            case Evidence(known):
                self.evidence = known
            case Data():
                self.data = event
            case Proposed():
                self._propose(event)
            case Running():
                self._run(event)
            case Epoch(training, step, metrics):
                self.trainings[training].append({"step": step, **_shared(from_json(metrics))})
            case Paused(training, seconds):
                self._pause(training, seconds)
            case Reached():
                self._reach(event)
            case Promoted(number, until):
                self.rungs.take(number, until)
            case Retried(training):
                self._pause(training)
                self.retries.setdefault(training, []).append(event)
            case Finished():
                self._finish(event)
            case Round():
                self.rounds.begin(event)
            case TrainingOver(training):
                final = self.rounds.of(training)
                final.running.discard(training)
                final.over[training] = event
            case Looked(training, _, metrics, seen):
                self.looks[training] = SplitLook(from_json(metrics), seen)
            case Evaluated():
                self.evaluated.append(event)

    def _may_run(self, event: Running) -> None:
        training, session = event.training, event.session
        if session is not None and not 0 <= session < len(self.sessions):
            raise Malformed(f"a training runs in session {session} of {len(self.sessions)}")
        if not of_a_round(training):
            self._known(training.trial, "proposed", "running", "paused")
        elif training in self.rounds.of(training).over:
            raise Malformed(f"training {training.trial} of {training.purpose} is over")

    def _runs(self, training: Training) -> None:
        if of_a_round(training):
            running = training in self.rounds.of(training).running
        else:
            self._known(training.trial, "running")
            running = training in self.trainings
        if not running:
            raise Malformed(f"trial {training.trial} has no such training")

    def _complete(self, training: Training) -> None:
        if not of_a_round(training):
            self._known(training.trial, "complete")
            return
        over = self.rounds.of(training).over.get(training)
        if over is None or over.state != "complete":
            raise Malformed(f"training {training.trial} of {training.purpose} is not complete")

    def _pause(self, training: Training, seconds: float = 0.0) -> None:
        if of_a_round(training):
            self.rounds.of(training).running.discard(training)
            return
        trial = self.trials[training.trial]
        self.trials[trial.number] = dataclasses.replace(
            trial, state="paused", seconds=trial.seconds + seconds
        )

    def _reach(self, event: Reached) -> None:
        number = event.training.trial
        trial, reports = self.trials[number], self.curve(event.training)
        self.trials[number] = dataclasses.replace(
            trial,
            state="paused",
            metrics=from_json(event.metrics),
            epochs=tuple(reports),
            seconds=trial.seconds + event.seconds,
            begun=event.begun,
            ended=event.ended,
        )
        self.rungs.rest(number, event.values)

    def _known(self, number: int, *stages: str) -> Trial:
        trial = self.trials.get(number)
        if trial is None or trial.state not in stages:
            state = "not there" if trial is None else trial.state
            raise Malformed(f"trial {number} is {state}")
        return trial

    def _propose(self, event: Proposed) -> None:
        self._open.add(event.trial)
        self.trials[event.trial] = Trial(
            number=event.trial,
            origin=event.origin,
            decisions=_shared(event.decisions),
            text=event.text,
            costs=_shared(event.costs),
            network=event.network,
            state="proposed",
            inherits=event.inherits,
            share=event.share,
            space=self._space,
        )
        if event.until is not None:
            self.rungs.take(event.trial, event.until)

    def _run(self, event: Running) -> None:
        number, step = event.training.trial, event.step
        before = self.trainings.get(event.training)
        if of_a_round(event.training):
            self.rounds.of(event.training).running.add(event.training)
        else:
            trial = self.trials[number]
            self.trials[number] = dataclasses.replace(trial, state="running", begun=event.begun)
            last = self._went_on.get(number)
            if before is None or (last is not None and last.branch):
                self._went_on[number] = event.training
        kept = [one for one in before or () if step is not None and one["step"] <= step]
        self.trainings[event.training] = kept
        if before and len(kept) < len(before):
            again = self.repeated.get(event.training, 0) + len(before) - len(kept)
            self.repeated[event.training] = again
        retries = self.retries.get(event.training)
        self.starts.setdefault(event.training, []).append(
            TrainingStart(
                self._session_of(event),
                step,
                retries[-1].accumulate if retries else 1,
                event.node,
                _shared(event.there or {}),
            )
        )

    def _session_of(self, event: Running) -> int:
        return len(self.sessions) - 1 if event.session is None else event.session

    def _finish(self, event: Finished) -> None:
        trial = self.trials[event.trial]
        training = self._went_on.pop(event.trial, None)
        trial = dataclasses.replace(
            trial,
            state=event.state,
            metrics=from_json(event.metrics),
            epochs=() if training is None else tuple(self.curve(training)),
            values=None if event.values is None else tuple(event.values),
            cause=event.cause,
            trace=event.trace,
            fault=event.fault,
            seconds=event.seconds,
            begun=event.begun,
            ended=event.ended,
        )
        self.trials[event.trial] = trial
        self._open.remove(event.trial)
        self.rungs.end(event.trial, event.values)
        self.finished.append(trial)
        insort(self._in_order, trial, key=lambda one: one.number)
        self.leading = joined(self.objectives, self.leading, trial)


def fold(events: Iterable[Event], space: Space | None = None) -> State:
    """The state after events. Raises Malformed for events that cannot follow each other."""
    state = State(space)
    for event in events:
        state.hear(event)
    return state


def _shared(values: dict[str, Any]) -> dict[str, Any]:
    """The same with texts that all trials share: their addresses and answers are alike."""
    return {
        sys.intern(name): sys.intern(value) if type(value) is str else value
        for name, value in values.items()
    }


def _objectives(setup: dict[str, Any]) -> tuple[Objective, ...]:
    try:
        return tuple(Objective(**one) for one in setup["settings"]["objectives"])
    except (KeyError, TypeError):
        raise Malformed("its setup names no objectives") from None
