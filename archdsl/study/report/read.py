"""The record of a run as the report needs it: read from the run directory alone."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from archdsl.amounts import Budget, bounded
from archdsl.data.preprocessing import Preprocessing
from archdsl.errors import ArchError, SearchError
from archdsl.language.nodes import Mapping, plain
from archdsl.language.settings import Objective
from archdsl.language.yaml import read as read_text
from archdsl.language.yaml import read_file
from archdsl.memory import uncollected
from archdsl.study import survey
from archdsl.study.final.by_class import ByClass, by_class
from archdsl.study.final.verdict import Verdict
from archdsl.study.final.verdicts import verdicts
from archdsl.study.final.winner import Won, counted, failures, won
from archdsl.study.found import preprocessing_of, winner_text
from archdsl.study.halving.spent import Spent, pruning, spent
from archdsl.study.hypervolume import Hypervolume, hypervolume
from archdsl.study.objectives import front
from archdsl.study.record.events import Training
from archdsl.study.record.file_store import RECORD
from archdsl.study.record.folder import read_state
from archdsl.study.record.rounds import FinalRound, SplitLook, is_final
from archdsl.study.record.state import State
from archdsl.study.report.machines import elsewhere
from archdsl.study.status import status_of
from archdsl.study.survey import Survey
from archdsl.study.trial import Trial
from archdsl.study.winner import CODE, WEIGHTS, YAML

MOST_CODE = 400_000
"""Bytes of a file of code that a page still has room for."""


@dataclass(frozen=True)
class Record:
    """A run as it lies on disk.

    looks: training -> what its weights came to on the test split
    evaluated: how often `archdsl evaluate` or `archdsl train --test` looked there after that
    final: the final round that counts, if one does; rounds: how many looked at the test split
    verdicts: of that round, by metric; failed_anew: what of the last round failed, in words
    by_class: what its networks came to in each class, where that is known
    won: the winner, and which training its weights are of
    data: what the trials trained on, in words, and images by split; empty for an own `evaluate`
    preprocessing: what was done to the images, where that is known
    sessions: as recorded; `elsewhere`: on what other machines trainings ran, in words
    spent: of a search that prunes, its epochs and what whole trainings would have taken
    starts: of each session its first trial, in a search that prunes its first job, and its workers
    tree: the space as plain values; space, winner: texts of YAML
    has_files, has_code, has_weights: whether the winner left its spec, code and weights; those
        of an earlier one, which lie there while a search goes on, are not meant
    code: that file, where it is there and no longer than a page has room for
    unfinished: how far a search is that is not over, in words
    """

    folder: Path
    name: str
    survey: Survey
    objectives: tuple[Objective, ...]
    settings: dict[str, Any]
    own_evaluate: bool
    sessions: list[dict[str, Any]]
    trials: list[Trial]
    looks: dict[Training, SplitLook]
    data: dict[str, Any]
    space: str
    winner: str
    has_code: bool
    has_weights: bool
    code: str = ""
    has_files: bool = True
    unfinished: str | None = None
    won: Won | None = None
    final: FinalRound | None = None
    rounds: int = 0
    failed_anew: str | None = None
    evaluated: int = 0
    verdicts: tuple[Verdict, ...] = ()
    by_class: ByClass | None = None
    preprocessing: Preprocessing | None = None
    tree: dict[str, Any] = field(default_factory=dict)
    spent: Spent | None = None
    starts: tuple[tuple[int, int], ...] = ()

    @property
    def budget(self) -> Budget:
        """What the costs might be."""
        return Budget(self.settings["budget"])

    @property
    def complete(self) -> list[Trial]:
        """The trials that did not fail."""
        return [trial for trial in self.trials if trial.state == "complete"]

    @property
    def failed(self) -> list[Trial]:
        """The trials that failed."""
        return [trial for trial in self.trials if trial.state == "failed"]

    @property
    def outside(self) -> list[Trial]:
        """The trials that were proposed outside the budget and not trained."""
        return [trial for trial in self.trials if trial.state == "outside"]

    @property
    def repeated(self) -> list[Trial]:
        """The trials that were answered from the record."""
        return [trial for trial in self.trials if trial.state == "repeated"]

    @cached_property
    def front(self) -> list[Trial]:
        """The winner, or with two objectives the trials that no other dominates, winner first."""
        return front(self.objectives, self.trials)

    @property
    def best(self) -> Trial | None:
        """The winner: the best of the final round, or the best trial where there was none."""
        return None if self.won is None else self.won.trial

    @cached_property
    def hypervolume(self) -> Hypervolume | None:
        """How much the front dominates, with two objectives."""
        return hypervolume(self.objectives, self.trials)

    @property
    def verdict(self) -> Verdict | None:
        """How the winner of the final round compares, by the first objective."""
        return self.verdicts[0] if self.verdicts else None

    @cached_property
    def judged_by(self) -> str:
        """The objective that tells a good architecture from a bad one, and is no cost."""
        named = [one.name for one in self.objectives if one.name not in bounded()]
        return named[0] if named else self.objectives[0].name

    @property
    def better(self) -> Callable[..., float]:
        """`max` or `min`: which of two values of `judged_by` is the better one."""
        how = next(o.direction for o in self.objectives if o.name == self.judged_by)
        return max if how == "maximize" else min

    def value(self, trial: Trial) -> float:
        """What a trial that did not fail came to in `judged_by`."""
        assert trial.values is not None
        return trial.values[self._judged]

    @cached_property
    def _judged(self) -> int:
        return [one.name for one in self.objectives].index(self.judged_by)


@uncollected()
def read(folder: Path, state: State | None = None) -> Record:
    """Read a run directory. Raises SearchError where there is none.

    state: of its record, where that was read already
    """
    state = state or read_state(folder)
    if state is None or state.created is None:
        raise SearchError(f"{folder} holds no search: there is no {RECORD}")
    created, data = state.created, state.data
    settings, winner, stands = created.setup["settings"], won(state), status_of(state, folder)
    text = "" if winner is None else winner_text(state, winner)
    has_files = bool(text) and _is_winner(folder / YAML, text)
    return Record(
        folder=folder,
        name=created.name,
        survey=survey.from_record(created.survey),
        objectives=state.objectives,
        settings=settings,
        own_evaluate=created.setup["evaluate"] == "own",
        sessions=[
            dataclasses.asdict(one) | {"elsewhere": words}
            for one, words in zip(state.sessions, elsewhere(state), strict=True)
        ],
        trials=list(state.judged()),
        spent=spent(state),
        starts=_starts(state),
        looks=state.looks,
        evaluated=len(state.evaluated),
        final=counted(state),
        rounds=len({key.purpose for key in state.looks if is_final(key)}),
        failed_anew=failures(state),
        won=winner,
        verdicts=verdicts(state),
        by_class=by_class(state),
        data={} if data is None else dataclasses.asdict(data),
        space=created.space,
        winner=text,
        has_code=has_files and (folder / CODE).is_file(),
        has_weights=has_files and (folder / WEIGHTS).is_file(),
        code=_code(folder / CODE) if has_files else "",
        has_files=has_files,
        unfinished=None if stands.over else stands.far(),
        preprocessing=preprocessing_of(state),
        tree=created.setup["space"],
    )


def _starts(state: State) -> tuple[tuple[int, int], ...]:
    """Those that decide anything: what begins behind all trials, or jobs, has none."""
    if pruning(state) is not None:
        found, last = state.rungs.sessions, len(state.rungs.jobs) - 1
    else:
        found = [(one.first_trial, one.workers) for one in state.sessions]
        last = max(state.trials, default=-1)
    return tuple(one for one in found if one[0] <= last)


def _code(path: Path) -> str:
    """The text of a file; none of one that is not there, is no text, or is very long."""
    try:
        if path.stat().st_size > MOST_CODE:
            return ""
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _is_winner(path: Path, text: str) -> bool:
    """Whether a file has the winner's architecture and figures, whatever version wrote it."""
    try:
        return _identity(read_file(path)) == _identity(read_text(text, YAML))
    except ArchError:
        return False


def _identity(spec: Mapping) -> dict[str, Any]:
    """A winner's spec as plain values, and of what it says of itself its trial and figures."""
    tree = {key: plain(value) for key, value in spec.items.items()}
    found = tree.get("found")
    said = found if isinstance(found, dict) else {}
    return {**tree, "found": {name: said.get(name) for name in ("trial", "metrics")}}
