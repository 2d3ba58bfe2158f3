"""Which training is to be done again, and what the record says of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.study.final.entrants import Entrant, called
from archdsl.study.record.events import Training

if TYPE_CHECKING:
    from archdsl.study.record.state import State, TrainingStart
    from archdsl.study.trial import Trial

_NUMBER = re.compile(r"[0-9]{1,20}")
"""That of a trial. Python reads no number of thousands of digits."""

_OF_A_ROUND = re.compile(rf"([^/]+/\d+)/(.+)/seed-({_NUMBER.pattern})")
"""The purpose of a round, who is trained in it, and with which seed: the folder of its weights."""

_OF_A_TRIAL = "search"
"""The purpose of the training that a trial is judged by."""


@dataclass(frozen=True, slots=True)
class TrainedPart:
    """Epochs of a training that were trained in one way.

    session: of the search, in which they were begun; None where that is not on record
    begins, ends: the steps before the first and of the last of them; begins is None for afresh
    accumulate: micro-batches of a batch
    there: what of the session's versions and machine was another where they were trained, and which
    """

    session: int | None
    begins: float | None
    ends: float
    accumulate: int
    there: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recorded:
    """A training that is on record.

    name: in words; entrant: whose it is, in a final round
    epochs: its reports, `step` and metrics
    complete: whether it came to its end; the epochs of one that did not are all there is
    parts: how they were trained, in order
    """

    name: str
    training: Training
    entrant: Entrant | None
    epochs: tuple[dict[str, Any], ...]
    complete: bool
    parts: tuple[TrainedPart, ...]

    @property
    def last(self) -> float:
        """The step of its last epoch."""
        return float(self.epochs[-1]["step"])


def recorded(state: State, folder: Path, word: str) -> Recorded:
    """The training that a word names: a trial's number, or `final/0/trial-00012/seed-1`.

    Raises SearchError for one that is not there, or of which no epoch is on record.
    """
    if _NUMBER.fullmatch(word):
        return _of_a_trial(state, folder, int(word))
    named = _OF_A_ROUND.fullmatch(word.rstrip("/"))
    if named is None:
        raise SearchError(
            f"'{_shown(word)}' names no training.  write the number of a trial, as in  12,  or "
            "the folder of a training of the final round, as in  final/0/trial-00012/seed-1"
        )
    return _of_a_round(state, folder, named[1], named[2], int(named[3]))


def _shown(word: str) -> str:
    return word if len(word) <= 60 else word[:57] + "..."


def _of_a_trial(state: State, folder: Path, number: int) -> Recorded:
    trial = state.trials.get(number)
    if trial is None:
        there = f"its trials are 0 to {len(state.trials) - 1}" if state.trials else "it has none"
        raise SearchError(f"{folder} has no trial {number}.  {there}")
    name = f"trial {number}"
    _refuse_untrained(folder, name, trial)
    if trial.state == "failed":
        raise _failed(folder, name, trial.cause)
    its = [one for one in state.trainings if one.trial == number and one.purpose == _OF_A_TRIAL]
    its.sort(key=lambda one: trial.over and one.branch == 0)  # what a trial ends with is no branch
    return _recorded(state, folder, name, its[-1:], complete=trial.over)


def _refuse_untrained(folder: Path, name: str, trial: Trial) -> None:
    untrained = {
        "proposed": "has not begun.  wait for it, or go on with the search",
        "outside": "is outside the budget, and was not trained.  name a trial that was",
        "repeated": "repeats a trial before it, and was not trained.  name a trial that was",
    }
    if trial.state in untrained:
        raise SearchError(f"{folder}: {name} {untrained[trial.state]}")


def _of_a_round(state: State, folder: Path, purpose: str, name: str, seed: int) -> Recorded:
    rounds = {one.purpose: one for one in state.rounds.all}
    if purpose not in rounds:
        there = f"its rounds are: {' '.join(rounds)}" if rounds else "it has no round"
        raise SearchError(f"{folder} has no {purpose}.  {there}")
    final = rounds[purpose]
    names = [one.name for one in final.entrants]
    if name not in names:
        raise SearchError(
            f"{folder}: nothing in {final.purpose} is called {name}.  there are: {' '.join(names)}"
        )
    if seed not in final.begun.seeds:
        seeds = " ".join(map(str, final.begun.seeds))
        raise SearchError(f"{folder}: {final.purpose} has no seed {seed}.  its seeds are: {seeds}")
    entrant = final.entrants[names.index(name)]
    training = final.training(names.index(name), seed)
    words = f"{called(entrant)}, seed {seed} of {final.purpose}"
    over = final.over.get(training)
    if over is not None and over.state == "failed":
        raise _failed(folder, words, over.cause)
    its = [training] if training in state.trainings else []
    return _recorded(state, folder, words, its, complete=over is not None, entrant=entrant)


def _failed(folder: Path, name: str, cause: str | None) -> SearchError:
    return SearchError(
        f"{folder}: {name} failed, and there is nothing to compare with: {cause}.  name a training "
        "that came to its end"
    )


def _recorded(
    state: State,
    folder: Path,
    name: str,
    its: list[Training],
    *,
    complete: bool,
    entrant: Entrant | None = None,
) -> Recorded:
    epochs = tuple(state.curve(its[0])) if its else ()
    if not epochs:
        raise SearchError(
            f"{folder}: of {name} no epoch is on record yet.  wait for it, or go on with the search"
        )
    trunk = [its[0]._replace(branch=0)] if its[0].branch else []
    starts = [start for one in (*trunk, its[0]) for start in state.starts.get(one, [])]
    parts = _parts(starts, float(epochs[-1]["step"]))
    return Recorded(name, its[0], entrant, epochs, complete, parts)


def _parts(starts: list[TrainingStart], last: float) -> tuple[TrainedPart, ...]:
    """How the epochs came about: what was trained anew after a kill counts once."""
    begins: list[TrainingStart] = []
    for start in starts:
        at = start.step or 0
        begins = [one for one in begins if (one.step or 0) < at]
        if at < last:
            begins.append(start)
    ends = [float(one.step or 0) for one in begins[1:]] + [last]
    return tuple(
        TrainedPart(
            one.session if one.session >= 0 else None, one.step, end, one.accumulate, one.there
        )
        for one, end in zip(begins, ends, strict=True)
    )
