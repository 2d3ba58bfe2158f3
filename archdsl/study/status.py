"""Where a search stands: read from its record, while another process may be writing it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from archdsl.errors import SearchError
from archdsl.study.final.verdicts import verdicts
from archdsl.study.final.winner import is_wanted
from archdsl.study.halving.jobs import is_left
from archdsl.study.halving.spent import pruning
from archdsl.study.record.file_store import LOCK
from archdsl.study.record.folder import (
    checkpoint_size,
    inherits,
    read_state,
    weights_size,
)
from archdsl.study.record.lock import holder
from archdsl.study.record.rounds import is_final
from archdsl.study.record.state import State
from archdsl.study.trial import Trial, to_json
from archdsl.units import counted

FAILURES = 3
"""Of the last so many failures the causes are told."""


@dataclass(frozen=True, slots=True)
class Underway:
    """A trial that is not over.

    stage: "stopped" where it was broken off, and goes on with the search
    last: its last report, with its `step`; seconds: since it began, where a search is running
    inherits, share: whose weights it begins with, as `Trial` has it
    """

    number: int
    stage: Literal["proposed", "running", "stopped"]
    last: dict[str, Any] | None
    seconds: float | None
    inherits: int | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """Where a search stands.

    holder: the process that searches, in words; None where none does
    trials: as many as there are to be; exhausted: whether there are no more to be had
    counts: state -> trials that are over, or "paused" and waiting to be promoted
    goes_on: whether any that were put aside, or are under way, are to go on
    aside: bytes that checkpoints of paused trials take, and may take; None where none is paused
    weights: bytes that weights take which trials may begin with; None where they begin afresh
    workers: processes of the session that is, or was the last
    final: trainings of the final round that are over, and all of them; None before it begins
    final_to_come: whether one is to begin after the trials
    verdict: what a round that is done says of its winner
    failures: the last ones
    """

    name: str
    holder: str | None
    trials: int
    exhausted: bool
    workers: int
    counts: dict[str, int]
    objectives: tuple[str, ...]
    best: Trial | None
    underway: tuple[Underway, ...]
    failures: tuple[Trial, ...]
    final: tuple[int, int] | None = None
    final_to_come: bool = False
    verdict: str | None = None
    goes_on: bool = False
    aside: tuple[int, int | None] | None = None
    weights: int | None = None

    @property
    def done(self) -> int:
        """Trials that are over, or wait to be promoted."""
        return sum(self.counts.values())

    @property
    def over(self) -> bool:
        """Whether there is nothing left to train."""
        trained, total = self.final or (0, 0)
        return self._no_more_trials and trained == total and not self.final_to_come

    @property
    def _no_more_trials(self) -> bool:
        return (self.done >= self.trials or self.exhausted) and not self.goes_on

    def far(self) -> str:
        """How far it is."""
        said = f"{self.done:,} of {counted(self.trials, 'trial')}"
        trained, total = self.final or (0, 0)
        if trained < total:
            said += f", {trained} of {counted(total, 'training')} of the final round"
        elif self._no_more_trials and self.final_to_come:
            said += ", and the final round is to come"
        return said

    def words(self) -> str:
        """How far it is, and who is at it."""
        if self.holder is not None:
            return f"{self.far()}, by {self.holder} with {counted(self.workers, 'worker')}"
        if not self.over:
            return f"{self.far()}; nobody is searching, and the same command goes on"
        if self.done >= self.trials:
            return f"{self.far()}, done"
        return f"{self.far()}, done: every architecture inside the budget was tried"

    def values(self, trial: Trial) -> list[tuple[str, float]]:
        """What a trial's objectives came to, by name."""
        return list(zip(self.objectives, trial.values or (), strict=False))

    def record(self) -> dict[str, Any]:
        """The status as values that JSON can hold."""
        return {
            "name": self.name,
            "running": self.holder is not None,
            "by": self.holder,
            "workers": self.workers,
            "done": self.done,
            "trials": self.trials,
            "exhausted": self.exhausted,
            "counts": self.counts,
            "checkpoints": None if self.aside is None else dict(
                zip(("bytes", "at_most"), self.aside, strict=True)
            ),
            "weights": self.weights,
            "best": None if self.best is None else self.best.record(),
            "final": None if self.final is None else dict(
                zip(("done", "trainings"), self.final, strict=True)
            ),
            "verdict": self.verdict,
            "underway": [
                {"number": one.number, "state": one.stage, "seconds": one.seconds,
                 "inherits": one.inherits, "share": one.share,
                 "last": None if one.last is None else to_json(one.last)}
                for one in self.underway
            ],
            "failures": [{"number": t.number, "fault": t.fault, "cause": t.cause}
                         for t in self.failures],
        }  # fmt: skip


def status(folder: Path, drivers: Sequence[tuple[str, int]] = ()) -> Status:
    """Where the search in a run directory stands. Raises SearchError where there is none.

    drivers: of a study in a database those that are at it, each with its workers
    """
    state = read_state(folder)
    if state is None or state.created is None:
        raise SearchError(f"{folder} holds no search.  name a run directory, such as runs/digits")
    if drivers:
        by = ", ".join(called for called, _ in drivers)
        workers = sum(workers for _, workers in drivers)
        return replace(status_of(state, folder, by), workers=workers)
    return status_of(state, folder, holder(folder.absolute() / LOCK))


def status_of(state: State, folder: Path, by: str | None = None) -> Status:
    """Where a search stands that has begun. by: the process that searches, in words"""
    assert state.created is not None, "it has begun"
    settings, final, said = state.created.setup["settings"], state.rounds.last, verdicts(state)
    wanted = is_wanted(state)
    if final is not None and not (wanted or final.done):
        final = None  # one that was broken off, and that nobody goes on with
    to_come = wanted and (final is None or final.begun.trials != len(state.finished))
    return Status(
        name=state.created.name,
        holder=by,
        trials=settings["trials"],
        exhausted=state.exhausted,
        workers=settings.get("workers", 1),
        counts=dict(Counter(trial.state for trial in state.judged())),
        objectives=tuple(one.name for one in state.objectives),
        best=state.best,
        underway=tuple(_underway(trial, state, by is not None) for trial in state.pending),
        failures=tuple(t for t in state.finished if t.state == "failed")[-FAILURES:],
        final=None if final is None or to_come else (len(final.over), len(final.trainings())),
        final_to_come=to_come and state.best is not None,
        verdict=said[0].sentence() if said else None,
        goes_on=_goes_on(state),
        aside=_aside(folder, state),
        weights=_weights(folder, state),
    )


def _goes_on(state: State) -> bool:
    prune = pruning(state)
    if prune is None:
        return False
    return bool(state.pending) or is_left(prune, state.objectives, state.rungs)


def _aside(folder: Path, state: State) -> tuple[int, int | None] | None:
    if not state.rungs.resting:
        return None
    assert state.created is not None, "a trial has a study"
    held = sum(checkpoint_size(folder, number) for number in state.rungs.resting)
    return held, state.created.setup["settings"].get("disk")


def _weights(folder: Path, state: State) -> int | None:
    if not inherits(state):
        return None
    return sum(weights_size(folder, trial.number) for trial in state.finished)


def _underway(trial: Trial, state: State, running: bool) -> Underway:
    reports = [
        reported[-1] for key, reported in state.trainings.items()
        if key.trial == trial.number and not is_final(key) and reported
    ]  # fmt: skip
    stage: Literal["proposed", "running", "stopped"] = "stopped"
    if trial.state == "proposed":
        stage = "proposed"
    elif trial.state == "running" and running:
        stage = "running"
    began = trial.begun if stage == "running" else None
    return Underway(
        trial.number,
        stage,
        max(reports, key=lambda one: float(one["step"])) if reports else None,
        None if began is None else round(max(0.0, time.time() - began), 1),
        trial.inherits,
        trial.share,
    )
