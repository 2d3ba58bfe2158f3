"""The run directory: the record of a search, written by one process, whole at any moment.

record.jsonl     the record: whatever happened, a line an event. All else follows from it
trials/00012/    of trial 12: its weights while it is among the best, and the whole of a long error
final/0/NAME/seed-1/   of a training of the first final round: its weights
lock             who writes
.shared/         large arrays that worker processes map, while the search runs

What is written from the record, and never read to decide anything:
run.json         what is searched and how, versions, how much of the space fits
space.yaml       the space as it was searched, `--set` included; space.written.yaml the file
data.jsonl       what the trials train on: each image's split, label, size and digest
study.journal    the trials as Optuna keeps them
trials.jsonl     the same for people and programs, a line a trial
test.json        what was seen in the test split, once the search was over
best.yaml best.py best.safetensors report.html
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Collection, Iterable, Iterator, Set
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from archdsl.drafts import SUFFIX
from archdsl.errors import SearchError
from archdsl.language.passwords import without_passwords
from archdsl.study.candidate import BRANCH, CHECKPOINT, WEIGHTS
from archdsl.study.identity.carried import copy_imports
from archdsl.study.identity.setup import refuse_changes
from archdsl.study.record import files, views
from archdsl.study.record.events import (
    Changed,
    Created,
    Data,
    Event,
    Evidence,
    Finished,
    Looked,
    Reached,
    Round,
    Session,
    Training,
    TrainingOver,
)  # fmt: skip
from archdsl.study.record.file_store import LOCK, MIRROR, RECORD
from archdsl.study.record.former import is_former, read_former
from archdsl.study.record.optuna_view import OptunaView
from archdsl.study.record.reading import Reading
from archdsl.study.record.recording import Recording
from archdsl.study.record.rounds import is_final, of_a_round
from archdsl.study.record.sole_writer import SoleWriter
from archdsl.study.record.state import State
from archdsl.study.record.turn import Writer

if TYPE_CHECKING:
    from archdsl.spaces import Space
    from archdsl.study.final.entrants import Entrant

STUDY, SPACE, SPACE_WRITTEN = "study.journal", "space.yaml", "space.written.yaml"
TRIALS_FOLDER, ERROR = "trials", "error.txt"
WORKERS = "workers.lock"
"""Held by every worker process of a search."""
SHARED = ".shared"
"""Large arrays that its workers map. Nothing of it is worth keeping once the search has ended."""

_CHECK = "check"
"""What the trainings of a proxy check left, as their purposes begin."""

# What a search may have left behind before its first event.
_EARLY = {LOCK, RECORD, MIRROR, TRIALS_FOLDER, WORKERS, SHARED}


class Copies(Protocol):
    """Copies of what trainings leave in a run directory, by the path that they have in it."""

    def has(self, path: Path) -> bool:
        """Whether there is one of a file. Raises SearchError."""

    def get(self, path: Path) -> bool:
        """Bring one here; whether it was there. Raises SearchError."""

    def size(self, path: Path) -> int:
        """Its bytes, 0 where there is none. Raises SearchError."""

    def drop(self, folder: Path, keep: Collection[str] = ()) -> None:
        """Remove those in a folder, but of files with some names. Raises SearchError."""


class RunFolder(Recording):
    """A run directory that this process holds. Made by `opened`.

    state: follows from the events on record; shown: the folder as the user wrote it
    copies: of what trainings leave, in a folder that other machines reach; None without one
    """

    def __init__(self, shown: Path, reading: Reading, space: Space, writer: Writer) -> None:
        super().__init__(reading.state, writer)
        self.folder, self.shown, self.space = reading.folder, shown, space
        self._optuna: OptunaView | None = None
        self._unsettled: list[Finished | Reached | Round | TrainingOver | Looked] = []
        self._kept: set[int] = set()
        self.copies: Copies | None = None
        self._sizes: dict[int, int] = {}  # of copies: a driver that decides asks for all of them

    def take(self, event: Event, *, ours: bool = True) -> None:
        """Take in an event that is on record. ours: whether this driver added it

        A result may wait for others: what follows from it is written by `settle`.
        """
        super().take(event, ours=ours)
        if isinstance(event, Reached):
            self._sizes.pop(event.training.trial, None)
        match event:
            case Reached() if not ours:
                pass  # another may be at the next branch already
            case Changed() | Session() | Evidence() | Data():
                views.write_run(self.folder, self.state)
            case Finished() | Reached() | Round() | TrainingOver() | Looked():
                self._unsettled.append(event)

    def settle(self) -> None:
        """Wait for the disk, once for all results since the last time, and list them beside."""
        if not self._unsettled:
            return
        self.writer.settle()
        results, self._unsettled = self._unsettled, []
        for result in results:
            match result:
                case TrainingOver(training):
                    self._end_training(training)
                case Reached(training):
                    self._end_branch(training.trial)
                case Looked():
                    views.write_looks(self.folder, self.state)
                case Finished(number):
                    trial = self.state.trials[number]
                    assert self._optuna is not None, "the views are there before a trial is over"
                    self._optuna.add(trial)
                    views.add_trial(self.folder, trial)

    def write_views(self) -> None:
        """Write what is missing or behind beside the record."""
        created = self.state.created
        assert created is not None, "there is a record"
        views.write_run(self.folder, self.state)
        if not created.of_a_check:
            views.write_trials(self.folder, self.state.in_order())
            views.write_looks(self.folder, self.state)
            self._optuna = OptunaView(
                self.folder / STUDY, created.name, self.state.objectives, self.space,
                self.state.finished,
            )  # fmt: skip
        self._write_space(created.space)

    def sort_trials(self) -> None:
        """List the trials by number where some ended before others that began earlier."""
        ordered = self.state.judged()
        if ordered != self.state.finished:
            views.write_trials(self.folder, ordered)

    def _write_space(self, text: str) -> None:
        """The space as it is searched, as it was written, and the files that it imports."""
        if not views.write_if_other(self.folder / SPACE, text):
            return
        written = Path(self.space.spec.document.file)
        if written.is_file():
            text = files.read_bytes(written).decode("utf-8", "surrogateescape")
            kept = without_passwords(text).encode("utf-8", "surrogateescape")
            files.write_bytes(self.folder / SPACE_WRITTEN, kept)
        copy_imports(self.space, self.folder)

    def folder_of(self, number: int) -> Path:
        """A trial's own folder."""
        return folder_of_trial(self.folder, number)

    def checkpoint_size(self, number: int) -> int:
        """The bytes of what a trial would go on from, 0 where nothing is there."""
        here = checkpoint_size(self.folder, number)
        if here or self.copies is None:
            return here
        if number not in self._sizes:
            self._sizes[number] = self.copies.size(self.folder_of(number) / CHECKPOINT)
        return self._sizes[number]

    def has(self, path: Path) -> bool:
        """Whether what a training left is there, here or where other machines reach it."""
        return path.is_file() or (self.copies is not None and self.copies.has(path))

    def bring(self, path: Path) -> bool:
        """Have what a training left here, if it is anywhere; whether it is. Raises SearchError."""
        return path.is_file() or (self.copies is not None and self.copies.get(path))

    def weights_of(self, number: int) -> Path:
        """Where the weights of a trial are kept, if they are."""
        return self.folder_of(number) / WEIGHTS

    def folder_of_final(self, entrant: Entrant, training: Training) -> Path:
        """The folder of one training of a round: `final/0/trial-00012/seed-1`."""
        return _folder_of_final(self.folder, entrant, training)

    def weights_of_training(self, training: Training) -> Path:
        """Where the weights of a training are kept, if they are."""
        return folder_of_training(self.folder, training, self.state) / WEIGHTS

    def begin_trial(self, number: int) -> Path:
        """A trial's folder, empty."""
        return self.begin_folder(self.folder_of(number))

    def begin_anew(self) -> None:
        """Empty the folders of all that is not over: what was trained there counts no more."""
        for trial in self.state.pending:
            self.begin_trial(trial.number)
        for final in self.state.rounds.all:
            for training in final.trainings():
                folder = self.weights_of_training(training).parent
                if training not in final.over and folder.is_dir():
                    self.begin_folder(folder)

    def begin_folder(self, folder: Path) -> Path:
        """A folder of a training, empty."""
        if self.copies is not None:
            self.copies.drop(folder)
        with files.writing(folder):
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
        return folder

    def end_trial(self, number: int, *, weights: bool) -> None:
        """Drop what a trial left in its folder but the whole of its error, and its weights."""
        folder = self.folder_of(number)
        self.end_folder(folder, weights=weights)
        self._sizes[number] = 0
        if weights and (folder / WEIGHTS).is_file():
            self._kept.add(number)

    def end_folder(self, folder: Path, *, weights: bool) -> None:
        """The same of the folder of any training."""
        keep = {ERROR, *([WEIGHTS] if weights else [])}
        if self.copies is not None:  # first: where a kill comes between, this is done once more
            self.copies.drop(folder, keep)
        self._clear(folder, keep)
        if weights and (folder / WEIGHTS).is_file():
            files.sync(folder / WEIGHTS)

    def leave_to_others(self, number: int) -> None:
        """Drop what a trial left here that another driver went on with: that has it elsewhere."""
        self._clear(self.folder_of(number), {ERROR, WEIGHTS})

    def _clear(self, folder: Path, keep: Set[str]) -> None:
        """Remove from a folder of this run directory all but the files of some names."""
        if not folder.is_dir():
            return
        with files.writing(folder):
            for path in folder.iterdir():
                if path.name not in keep or path.is_symlink():
                    shutil.rmtree(
                        path
                    ) if path.is_dir() and not path.is_symlink() else path.unlink()
            with contextlib.suppress(OSError):  # something is kept in it
                folder.rmdir()

    def _end_branch(self, number: int) -> None:
        """Drop what a branch of a trial left, whose own checkpoint stays."""
        branch = self.folder_of(number) / BRANCH
        if self.copies is not None:
            self.copies.drop(branch)
        with files.writing(self.folder_of(number)):
            shutil.rmtree(branch, ignore_errors=True)

    def keep_weights(self, numbers: Iterable[int]) -> None:
        """Drop the weights of all other trials that are over."""
        wanted = set(numbers)
        for number in self._kept - wanted:
            self.end_trial(number, weights=False)
        self._kept &= wanted

    def end_trials(self, keep: Iterable[int]) -> None:
        """End every trial and training that is over once more: a kill may have come before that.

        keep: whose weights stay
        """
        going = {number for number, trial in self.state.trials.items() if not trial.over}
        wanted = set(keep)
        for path in (self.folder / TRIALS_FOLDER).glob("*"):
            if path.name.isdigit() and int(path.name) not in going:
                self.end_trial(int(path.name), weights=int(path.name) in wanted)
        for number in self.state.rungs.resting:
            self._end_branch(number)
        for final in self.state.rounds.all:
            former = final.begun.purpose == "final" and final is not self.state.rounds.last
            for training in final.trainings() if former else final.over:
                self._end_training(training)

    def _end_training(self, training: Training) -> None:
        """End a training of a round; the weights of a final one stay."""
        folder, final = self.weights_of_training(training).parent, is_final(training)
        self.end_folder(folder, weights=final)
        with contextlib.suppress(OSError):  # others are trained there, or an error is kept
            while not final and folder.parent != self.folder:
                folder = folder.parent
                folder.rmdir()


def folder_of_training(folder: Path, training: Training, state: State) -> Path:
    """Where a training has its weights, in the run directory `folder`."""
    if not of_a_round(training):
        return folder_of_trial(folder, training.trial)
    entrant = state.rounds.of(training).entrants[training.trial]
    return _folder_of_final(folder, entrant, training)


def folder_of_trial(folder: Path, number: int) -> Path:
    """A trial's own folder, in the run directory `folder`."""
    return folder / TRIALS_FOLDER / f"{number:05}"


def checkpoint_size(folder: Path, number: int) -> int:
    """The bytes of a trial's checkpoint in the run directory `folder`, 0 where it has none."""
    return _size(folder_of_trial(folder, number) / CHECKPOINT)


def weights_size(folder: Path, number: int) -> int:
    """The same of its weights."""
    return _size(folder_of_trial(folder, number) / WEIGHTS)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _folder_of_final(folder: Path, entrant: Entrant, training: Training) -> Path:
    return folder / training.purpose / entrant.name / f"seed-{training.seed}"


def read_state(folder: Path, space: Space | None = None) -> State | None:
    """The state of the run in a folder, read without holding it; None where there is none.

    Raises SearchError for a damaged record, and for a run whose record is gone.
    """
    if not any((folder / name).is_file() for name in (RECORD, views.RUN)):
        return None
    return state_by_now(Reading(folder, space))


def state_by_now(reading: Reading) -> State | None:
    """The same, of what was read before and has grown since: only what is new is read."""
    folder = reading.folder
    if not folder.exists():
        return None
    if not folder.is_dir():
        raise SearchError(f"{folder} is no folder.  choose another --out")
    state = reading.go_on()
    if state.created is not None:
        return state
    if is_former(folder):
        return read_former(folder)
    refuse_strangers(folder)
    return None


def refuse_strangers(folder: Path, elsewhere: str = "choose another --out") -> None:
    """Raise SearchError where what lies in a folder without a record is not of a search.

    elsewhere: how another folder is named
    """
    with files.reading(folder):
        names = sorted(path.name for path in folder.iterdir())
    if views.RUN in names:
        raise SearchError(
            f"{folder} holds a search whose {RECORD} is gone or empty.  restore it from a copy, "
            f"or {elsewhere}"
        )
    strangers = [n for n in names if n not in _EARLY and not n.endswith(SUFFIX)]
    if strangers:
        raise SearchError(
            f"{folder} is not empty and holds no search ({strangers[0]} is there).  {elsewhere}"
        )


@contextmanager
def opened(
    reading: Reading, shown: Path, space: Space, created: Created, *, salvage: bool
) -> Iterator[RunFolder]:
    """Hold a run directory, made or mended as need be.

    reading: of its record, as far as that was read; shown: the folder as the user wrote it
    created: how the study begins; another one gives way to it that has no trial
    Raises SearchError where another process holds it, or the record is damaged.
    """
    folder = reading.folder
    with files.writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    with reading.store.open():
        reading.refuse_another()
        tidy(folder, trials=not created.of_a_check)
        if salvage:
            reading.store.salvage()
        if gives_way(reading.go_on(), created):
            if created.of_a_check:
                with files.writing(folder):
                    shutil.rmtree(folder / _CHECK, ignore_errors=True)
            reading.start_afresh(created)
        run = RunFolder(shown, reading, space, SoleWriter(reading.store))
        run.write_views()
        yield run


def tidy(folder: Path, *, trials: bool) -> None:
    """Drop what a kill left in a run directory. trials: whether it is to hold some"""
    files.drop_drafts(folder)
    shutil.rmtree(folder / SHARED, ignore_errors=True)
    if trials:
        with files.writing(folder / TRIALS_FOLDER):
            (folder / TRIALS_FOLDER).mkdir(exist_ok=True)


def gives_way(state: State, created: Created) -> bool:
    """Whether a study may begin in the place of what there is."""
    if state.created is None:
        return True
    if created.of_a_check:  # one in which nothing succeeded, and which was mended since
        tried = any(one.over for one in state.rounds.all)
        return not state.has_figures and (tried or state.created.setup != created.setup)
    try:
        refuse_changes(Path(), state.created.setup, created.setup)
    except SearchError:
        return not state.worth_something
    return False


def among_the_best(state: State) -> list[int]:
    """Whose weights are kept for what they are: the first is what a winner is compared with."""
    return [0, *(trial.number for trial in state.leading)]


def worth_keeping(state: State) -> list[int]:
    """Whose weights are kept: of the best, and of all that another trial may begin with."""
    if not inherits(state):
        return among_the_best(state)
    return [0, *(trial.number for trial in state.finished if trial.state == "complete")]


def inherits(state: State) -> bool:
    """Whether new trials begin with the weights of others."""
    assert state.created is not None, "a state begins with how the study was created"
    return bool(state.created.setup["settings"].get("proxy", {}).get("inherit"))
