"""The folder of a training, written by one process and whole at any moment.

train.json         what is trained and how, and what it came to: all else follows from it
last.ckpt          the state to go on from, after an epoch or within one
best.safetensors   the weights of the best epoch so far, with what was done to the images
spec.yaml          the network, with the class names, and the Python that it imports
data.jsonl         which images: each one's split, label, size and digest
train.html         the page
loggers/           what loggers write that were given no other place
lock               who writes
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.errors import SearchError
from archdsl.full_training.record import TrainRecord, read_record
from archdsl.language.write import write
from archdsl.language.yaml import read
from archdsl.spaces import Space
from archdsl.study.identity.carried import copy_imports, portable
from archdsl.study.record import files
from archdsl.study.record.file_store import LOCK, RECORD
from archdsl.study.record.lock import locked
from archdsl.study.report.trainings import TRAIN
from archdsl.study.winner import WEIGHTS
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.data.preprocessing import Preprocessing
    from archdsl.specification import Spec

LAST, LOGGERS, SPEC = "last.ckpt", "loggers", "spec.yaml"


@contextmanager
def held(shown: Path) -> Iterator[TrainRecord | None]:
    """Hold the folder of a training, which is made where it is not there.

    Yields the record of the training that it holds, or None. What is refused before anything is
    written leaves no folder. Raises SearchError where another process holds it, and for a folder
    with something else in it.
    """
    folder = shown.absolute()
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    if folder.exists() and not folder.is_dir():
        raise SearchError(f"{shown} is no folder.  choose another --out")
    with files.writing(shown):
        folder.mkdir(parents=True, exist_ok=True)
    _refuse_strangers(shown)
    with locked(folder / LOCK):
        files.drop_drafts(folder)
        try:
            yield read_record(folder)
        except BaseException:
            _leave_nothing(folder, missing)
            raise


def _leave_nothing(folder: Path, missing: list[Path]) -> None:
    """Take away a lock with nothing beside it, and the folders that were made for it.

    missing: the folders that were not there, the innermost first
    """
    with contextlib.suppress(OSError):
        if [path.name for path in folder.iterdir()] == [LOCK]:
            (folder / LOCK).unlink()
            for path in missing:
                path.rmdir()


def _refuse_strangers(shown: Path) -> None:
    with files.reading(shown):
        names = sorted(path.name for path in shown.absolute().iterdir())
    if TRAIN in names:
        return
    if RECORD in names:
        raise SearchError(
            f"{shown} holds a search.  a training has a folder of its own: choose another --out"
        )
    strangers = [name for name in names if name not in (LOCK, LOGGERS) and not name.startswith(".")]
    if strangers:
        what = (
            "holds a training whose train.json is gone"
            if LAST in strangers
            else ("is not empty and holds no training")
        )
        raise SearchError(f"{shown} {what} ({strangers[0]} is there).  choose another --out")


def write_spec(
    folder: Path, spec: Spec, said: Preprocessing | None, metrics: dict[str, Any]
) -> None:
    """Write the network as a spec that stands by itself, with its code and its class names."""
    found: dict[str, Any] = {"metrics": metrics, "archdsl": VERSION}
    if said is not None:
        found["preprocessing"] = said.in_spec()
    with files.writing(folder):
        copy_imports(Space(spec), folder)
    files.write_text(folder / SPEC, f"{text_of(spec)}\n{write({'found': found})}")


def text_of(spec: Spec) -> str:
    """A network as YAML: of a space its default member, with its code where a folder has it."""
    node = read(spec.as_text().text, SPEC)
    text = write({key: value for key, value in node.items.items() if key != "found"})
    return portable(text, Space(spec))


def write_best(folder: Path, state: dict[str, Any], said: Preprocessing | None) -> None:
    """Write the weights of the best epoch. state: tensors on the CPU by name"""
    from safetensors.torch import save

    from archdsl.data.preprocessing import weights_metadata

    files.write_bytes(folder / WEIGHTS, save(state, weights_metadata(said)))
