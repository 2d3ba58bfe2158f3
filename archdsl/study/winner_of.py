"""The winner of a run directory, from the record and nothing else: its spec, and its weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.checkpoints import read
from archdsl.data.fingerprint import digest_of
from archdsl.errors import BuildError, SearchError, SpecError
from archdsl.language.document import Document
from archdsl.language.load import document_from_text
from archdsl.language.sandbox import Reach
from archdsl.study.candidate import WEIGHTS
from archdsl.study.engines.mirror import Mirror
from archdsl.study.engines.shared_folder import SharedFolder
from archdsl.study.final.winner import Won, won
from archdsl.study.found import winner_text
from archdsl.study.record.file_store import RECORD
from archdsl.study.record.folder import folder_of_training, read_state
from archdsl.study.record.views import RUN

if TYPE_CHECKING:
    from archdsl.study.record.state import State


def winner_of(folder: Path, sort: type[Reach] = Reach) -> Document:
    """The document of the best trial of the run in a folder.

    sort: what specs of its sort may read and run
    Raises SpecError where the folder holds no run, or none of its trials succeeded; and
    SearchError for a record that is damaged.
    """
    reach = sort(folder)
    reach.tree(folder)
    state, winner = _won(folder)
    return document_from_text(winner_text(state, winner), str(folder / "best.yaml"), reach)


def weights_of_winner(folder: Path) -> Path:
    """The file with the weights of the best trial of the run in a folder.

    That is `best.safetensors`, which says more beside the tensors, where it has those of the
    trial, and otherwise the trial's own.
    Raises as `winner_of`, and BuildError for a winner without weights.
    """
    state, winner = _won(folder)
    number = winner.trial.number
    kept = [
        folder_of_training(folder, winner.training, state) / WEIGHTS,
        folder / "weights" / f"{number:05}.safetensors",  # of archdsl 0.1
    ]
    own = next((path for path in kept if path.is_file()), None)
    if own is None:
        raise BuildError(
            f"the winner of the search in {folder} has no weights: its evaluate left none in "
            f"candidate.folder, or they were deleted.  archdsl.build({str(folder)!r}) gives it "
            "with fresh ones"
        )
    written = folder / "best.safetensors"
    return written if written.is_file() and _same(own, written) else own


def bring_weights(folder: Path) -> Path | None:
    """Have the weights of the best trial here, which other machines left in the shared folder.

    Returns where they lie, or None for a search without such a folder.
    Raises as `winner_of`, and SearchError for weights that cannot be had from there.
    """
    state, winner = _won(folder)
    assert state.created is not None, "a winner has a run"
    created, url = state.created, state.created.setup["settings"].get("shared")
    path = folder_of_training(folder, winner.training, state) / WEIGHTS
    if url is None or path.is_file():
        return path if path.is_file() else None
    mirror, without = Mirror(SharedFolder(url), folder), f"archdsl export {folder}/  gives the code"
    if not mirror.is_of(digest_of(created.space.encode()), created.name):
        raise SearchError(
            f"search.shared: {url} holds nothing of this search, as this machine reaches it, and "
            f"the weights of its winner are there.  see to it; {without} without them"
        )
    try:
        there = mirror.get(path)
        if there:
            read(path)
    except BuildError as error:
        path.unlink()
        raise SearchError(f"search.shared: {url}: {error}.  {without} without them") from None
    if not there:
        raise SearchError(
            f"search.shared: {url} has no weights of trial {winner.trial.number}, the winner: they "
            f"were deleted, or its evaluate left none.  {without} without them"
        )
    return path


def _same(one: Path, other: Path) -> bool:
    import torch

    try:
        first, second = read(one), read(other)
    except BuildError:
        return False
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def _won(folder: Path) -> tuple[State, Won]:
    """The state of a run, and its winner."""
    run = any((folder / name).exists() for name in (RECORD, RUN))
    state = read_state(folder) if run else None
    if state is None:
        raise SpecError(
            f"{folder} is a folder and holds no search",
            cure="name a file, the run directory of a search, or a folder that archdsl.save wrote",
        )
    winner = won(state)
    if winner is None:
        raise SpecError(
            f"the search in {folder} has no winner: none of its trials succeeded",
            cure="name its space.yaml, or another run",
        )
    return state, winner
