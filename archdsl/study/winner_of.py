"""The winner of a run directory as a spec, from the record and nothing else."""

from __future__ import annotations

from pathlib import Path

from archdsl.errors import SpecError
from archdsl.language.document import Document
from archdsl.language.load import document_from_text
from archdsl.language.sandbox import Reach
from archdsl.language.write import write
from archdsl.study.found import found
from archdsl.study.identity.carried import with_places
from archdsl.study.record.folder import read_state


def winner_of(folder: Path, sort: type[Reach] = Reach) -> Document:
    """The document of the best trial of the run in a folder.

    sort: what specs of its sort may read and run
    Raises SpecError where the folder holds no run, or none of its trials succeeded; and
    SearchError for a record that is damaged.
    """
    reach = sort(folder)
    reach.tree(folder)
    state = read_state(folder) if any(folder.iterdir()) else None
    if state is None:
        raise SpecError(
            f"{folder} is a folder and holds no search",
            cure="name a file, or the run directory of a search",
        )
    if state.best is None:
        raise SpecError(
            f"the search in {folder} has no winner: none of its trials succeeded",
            cure="name its space.yaml, or another run",
        )
    name = str(folder / "best.yaml")
    text = f"{state.best.text}\n{write({'found': found(state, state.best)})}"
    entries = document_from_text(text, name, reach).import_folders
    return document_from_text(with_places(text, entries), name, reach)
