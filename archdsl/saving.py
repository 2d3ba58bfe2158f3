"""A model as a file or a folder, and the folders that stand for a spec and its weights.

These are those that `save` wrote, run directories, and those of trainings.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from archdsl.drafts import draft_of, drafts_left, drop_left
from archdsl.errors import BuildError
from archdsl.language import load as reading
from archdsl.language.document import Document
from archdsl.language.nodes import Mapping as MappingNode
from archdsl.language.nodes import Sequence
from archdsl.language.sandbox import Reach
from archdsl.loading import finished
from archdsl.model_card import CARD, CONFIG, card, config, facts

if TYPE_CHECKING:
    from archdsl.checkpoints.saved import Saveable
    from archdsl.specification import Spec

SPEC, WEIGHTS = "spec.yaml", "model.safetensors"
"""What is in a folder of a saved model, beside the files that its spec imports."""

_DRAFT = "new.safetensors"
_THERE_BY_NOW = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)
"""What a system says where something came to lie in a folder's place meanwhile."""
_IMAGES, _NAMES = "preprocessing", "class_names"  # under `found:`, and in that
_CACHE = "__pycache__"  # Python leaves it beside what it imports


def document_of(folder: Path, reach: type[Reach] = Reach) -> Document:
    """The document of the spec that a folder stands for: a saved model's, or a run's winner.

    Raises SpecError where it is neither.
    """
    from archdsl.study.winner_of import winner_of

    if _is_saved(folder):
        reach(folder).tree(folder)
        return reading.document_from_file(folder / SPEC, reach)
    return winner_of(folder, reach)


def weights_of(path: Path) -> Path:
    """The file with the weights: the path itself, or what is in the folder that it is.

    Raises BuildError for a folder without weights.
    """
    from archdsl.study.report.trainings import TRAIN
    from archdsl.study.winner import WEIGHTS as BEST
    from archdsl.study.winner_of import weights_of_winner

    if not path.is_dir():
        return path
    if (path / TRAIN).is_file():
        return path / BEST
    return path / WEIGHTS if _is_saved(path) else weights_of_winner(path)


def save(model: object, path: Path, *, as_folder: bool) -> None:
    """Write a model. Raises BuildError, and SpecError for a file of its spec that is gone.

    as_folder: whatever the path ends with
    """
    from archdsl.checkpoints import saveable, write_model

    found = saveable(model)
    if as_folder or path.is_dir() or not re.search(r"\.[^\W\d]\w*$", path.name):
        with _said_of(path):
            _save_folder(found, path)
    elif path.suffix == ".safetensors":
        write_model(found, path)
    else:
        raise BuildError(
            f"{path}: a model is saved to a .safetensors file, or into a folder.  name one of "
            "them; a folder may have / at its end"
        )


def _is_saved(folder: Path) -> bool:
    return (folder / SPEC).is_file()


def _save_folder(model: Saveable, folder: Path) -> None:
    files = _files_of(model)
    if not folder.exists():
        try:
            with draft_of(folder) as draft:
                _fill(draft, model, files)
            return
        except OSError as error:
            if error.errno not in _THERE_BY_NOW:
                raise
    if not folder.is_dir():
        raise BuildError(f"{folder}: this is no folder.  name another one")
    with _alone(folder):
        _refuse_strangers(folder)
        drop_left(folder / _DRAFT)
        _refill(folder, model, files)


def _fill(folder: Path, model: Saveable, files: Mapping[str, bytes]) -> None:
    """Save into a folder that is made."""
    from archdsl.checkpoints import write_model

    folder.mkdir()
    write_model(model, folder / WEIGHTS, [name for name in files if name != SPEC])
    _put(files, folder)


def _refill(folder: Path, model: Saveable, files: Mapping[str, bytes]) -> None:
    """Save in the place of what was saved there, in an order that a kill may break anywhere."""
    from archdsl.checkpoints import write_model

    names = [name for name in files if name != SPEC]
    old = [name for name in _saved_files(folder) if (folder / name).is_file()]
    write_model(model, folder / _DRAFT, dict.fromkeys([*names, *old]))
    _put(files, folder)
    (folder / _DRAFT).replace(folder / WEIGHTS)
    for name in old:
        if name not in files and name.endswith(".py"):  # names are from the weights file
            (folder / name).unlink(missing_ok=True)


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Be the only process that saves into a folder: another one waits. Raises OSError."""
    import fcntl

    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # not every file system has locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _put(files: Mapping[str, bytes], folder: Path) -> None:
    """Write texts where they differ; weights that are there belong to the old ones, and go."""
    differing = {
        name: content
        for name, content in files.items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    }
    if differing and (folder / SPEC).exists():
        (folder / WEIGHTS).unlink(missing_ok=True)
    for name, content in differing.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def _files_of(model: Saveable) -> dict[str, bytes]:
    """What lies beside the weights: the spec, what it imports, a card, and a configuration."""
    from archdsl.spaces import Space
    from archdsl.study.identity.carried import copy_imports, portable

    spec = _spec_of(model)
    space = Space(spec)
    known = facts(model, spec)
    files = {
        SPEC: portable(spec.dump(), space).encode(),
        CONFIG: config(known).encode(),
        CARD: card(known).encode("utf-8", "backslashreplace"),
    }
    with tempfile.TemporaryDirectory() as name:
        copy_imports(space, Path(name))
        for path in sorted(Path(name).rglob("*")):
            if path.is_file():
                files[path.relative_to(name).as_posix()] = path.read_bytes()
    return files


def _spec_of(model: Saveable) -> Spec:
    """The spec of a model as it is now, its number of classes included."""
    text = model.spec_text
    if text is None:
        raise BuildError(
            f"{model.network.name} was built without its spec, as a search does it for a module "
            "of yours.  save it to a .safetensors file"
        )
    name = f"{model.network.name}.yaml"
    document = reading.document_from_text(text.text, name, Reach.of_text(name))
    document.import_folders = dict(text.imports)
    spec, classes = finished(document, None, True), model.network.classes
    if spec.network().classes != classes:
        _keep_of_images(document)
        spec = finished(document, {"classes": classes}, True)
    if spec.network() != model.network:
        raise BuildError(
            f"{model.network.name} was built with other code than its imports are now.  put it "
            "back, or save to a .safetensors file"
        )
    return spec


def _keep_of_images(document: Document) -> None:
    """Drop what a search noted of a head for other classes, and keep what it did of the images."""
    found = document.top.pop("found", None)
    said = found.get(_IMAGES) if isinstance(found, MappingNode) else None
    if isinstance(said, MappingNode) and _NAMES in said:
        said = said.replaced(_NAMES, Sequence(()))
        document.top["found"] = MappingNode({_IMAGES: said})


def _refuse_strangers(folder: Path) -> None:
    """Raise BuildError for a folder that holds what `save` did not write."""
    left = [path.name for path in drafts_left(folder / _DRAFT)]
    known = {SPEC, WEIGHTS, CONFIG, CARD, _DRAFT, *left, *_saved_files(folder)}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if not path.is_dir() and name.as_posix() not in known and _CACHE not in name.parts:
            raise BuildError(
                f"{folder}: this folder holds something else than a saved model ({name} is there)."
                "  name another one"
            )


def _saved_files(folder: Path) -> list[str]:
    """The files beside a saved model's spec and weights, as the weights name them."""
    from archdsl.checkpoints import origin_of

    found: list[str] = []
    for name in (WEIGHTS, _DRAFT):
        with contextlib.suppress(BuildError):
            origin = origin_of(folder / name)
            found += [] if origin is None else origin.files
    paths = map(PurePosixPath, found)
    return [str(p) for p in paths if not p.is_absolute() and ".." not in p.parts]


@contextlib.contextmanager
def _said_of(path: Path) -> Iterator[None]:
    """Say of a folder that cannot be written where and why. Raises BuildError."""
    try:
        yield
    except OSError as error:
        raise BuildError(
            f"{path}: cannot be written ({error.strerror or error}).  choose another place"
        ) from None
