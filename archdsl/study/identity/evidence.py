"""What every figure of a run follows from besides its spec: data, their split, code, version.

It is put on record with the first trial, and a search goes on only where all of it is the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.components.registry import IMPORTED, KINDS, named
from archdsl.data.digests import digests
from archdsl.data.fingerprint import Fingerprint, Item, digest_of
from archdsl.errors import SearchError
from archdsl.study.identity.carried import imported_files
from archdsl.study.identity.changes import data_changes, file_changes, value_changes
from archdsl.study.identity.code import Code, code_of
from archdsl.study.identity.setup import GOING_ON, Cures
from archdsl.study.record.views import write_if_other
from archdsl.version import VERSION

if TYPE_CHECKING:
    from archdsl.language.settings import ProxySettings
    from archdsl.spaces import Space
    from archdsl.training.prepare import Prepared

DATA = "data.jsonl"
"""In a run directory: name, split, label, size and digest of each image, a line each."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a figure follows from.

    data: of the source; empty for an own datamodule or `evaluate`
    counts: images by split, where they are known
    declared: what a datamodule says of its data by itself
    files: the user's own code, name -> digest; packages: what is installed, name -> version
    edited: files that are others by now than when Python imported them
    """

    data: Fingerprint = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    declared: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    archdsl: str = VERSION
    edited: tuple[str, ...] = ()


def evidence(
    space: Space, settings: ProxySettings, evaluate: Any = None, prepared: Prepared | None = None
) -> Evidence:
    """What the next trial would follow from.

    evaluate: the user's own judge, or None; prepared: the data of proxy training
    Raises SearchError for data that cannot be read.
    """
    code = code_behind(space, None if prepared is None else settings, evaluate)
    data: Fingerprint = ()
    if prepared is not None and prepared.datamodule is None:
        from archdsl.training.data_source import DataSource

        data = DataSource.of(settings).fingerprint()
    return Evidence(
        data=data,
        counts={} if prepared is None else dict(prepared.info.counts),
        declared={} if prepared is None else _declared(prepared.datamodule, settings.folder),
        files=code.files,
        packages=code.packages,
        edited=tuple(code.edited),
    )


def code_behind(space: Space, settings: ProxySettings | None, evaluate: Any = None) -> Code:
    """The user's own code that a figure follows from.

    settings: of the training, once its own classes are imported; evaluate: the user's own judge
    """
    named = [] if settings is None else [settings.module, settings.datamodule]
    modules = [name.partition(":")[0] for name in named if name is not None]
    files, imports = imported_files(space), space.spec.document.import_folders
    return code_of(
        space.spec.folder,
        files.values(),
        [*modules, *(e for e in imports if e not in files), *_component_modules(space)],
        [] if evaluate is None else [evaluate],
    )


def _component_modules(space: Space) -> list[str]:
    """Where the components come from that the spec names and that are no part of archdsl."""
    words = set(_words(space.spec.tree))
    modules = {
        definition.cls.__module__
        for kind in KINDS
        for name, definition in named(kind).items()
        if name in words
    }
    ours = ("archdsl.", IMPORTED)
    return sorted(module for module in modules if not module.startswith(ours))


def _words(tree: Any) -> Iterator[str]:
    if isinstance(tree, Mapping):
        tree = list(tree.values())
    if isinstance(tree, list):
        for inner in tree:
            yield from _words(inner)
    elif isinstance(tree, str):
        yield tree


def refuse_other_version(folder: Path, old: str, new: str, cures: Cures = GOING_ON) -> None:
    """Raise SearchError where two versions of archdsl may come to other figures."""
    if minor(old) != minor(new):
        raise SearchError(
            f"{folder} holds a {cures.held} by archdsl {old}, and this is {new}.  "
            f"{cures.version.format(minor(old))}"
        )


def refuse_other_evidence(
    folder: Path,
    words: str,
    old: Mapping[str, Any],
    new: Evidence,
    cures: Cures = GOING_ON,
) -> None:
    """Raise SearchError, naming what differs, where two starts of a run are not the same.

    words: what the data are, in words; old: what `on_record` gave
    """
    refuse_other_version(folder, old["archdsl"], new.archdsl, cures)
    for what, changes in (
        ("ran other code", file_changes(old["files"], new.files)),
        ("ran other packages", value_changes(old["packages"], new.packages)),
        (f"had other data ({words})", _data_changes(folder, old["data"], new.data)),
        (f"had other data ({words})", value_changes(old["declared"], new.declared)),
        (f"had other data ({words})", value_changes(_images(old["counts"]), _images(new.counts))),
    ):
        if changes:
            raise SearchError(
                f"{folder} holds a {cures.held} that {what}: {'; '.join(changes)}.  {cures.rest}"
            )


def _data_changes(folder: Path, old: str, new: Fingerprint) -> list[str]:
    """What differs between the data of digest `old` and others, with names where they are known."""
    if digest_of(_items(new).encode()) == old:
        return []
    path = folder / DATA
    if not path.is_file():
        return [f"which images are others is not known, for there is no {DATA} in it"]
    text = path.read_text(encoding="utf-8", errors="replace")
    if digest_of(text.encode()) != old:
        return [f"which images are others is not known, for {DATA} is not as it was written"]
    before = tuple(Item(*json.loads(line)) for line in text.split("\n")[:-1])
    return data_changes(before, new)


def refuse_edited(new: Evidence) -> None:
    """Raise SearchError where Python goes on with code that is no longer what the files say."""
    if new.edited:
        raise SearchError(
            f"{new.edited[0]} was changed after Python had imported it, and Python goes on with "
            "what it was.  start the program anew"
        )


def _images(counts: Mapping[str, int]) -> dict[str, int]:
    return {f"the number of {split} images": count for split, count in counts.items()}


def minor(version: str) -> str:
    """Of a version what stands for all that come to the same figures: its first two numbers."""
    return ".".join(version.split(".")[:2])


def _declared(datamodule: Any, folder: Path) -> dict[str, str]:
    """What a datamodule's `fingerprint` says: an attribute, or a method without arguments.

    A mapping is compared by its names; a path stands for the content that lies there.
    """
    said = getattr(datamodule, "fingerprint", None)
    if callable(said):
        try:
            said = said()
        except Exception as error:
            raise SearchError(
                f"search.proxy.datamodule: its fingerprint() failed ({type(error).__name__}: "
                f"{error}).  it takes no arguments and returns a text, or a mapping of names to "
                "values or paths"
            ) from error
    if said is None:
        return {}
    given = said if isinstance(said, Mapping) else {"fingerprint": said}
    return {str(name): _said(value, folder) for name, value in given.items()}


def _said(value: Any, folder: Path) -> str:
    if not isinstance(value, Path):
        return str(value)
    path = folder / value
    if path.is_dir():
        names = sorted(p.relative_to(path).as_posix() for p in path.rglob("*") if p.is_file())
        found = digests(path, names)
        return digest_of("\n".join(f"{found[name]} {name}" for name in names).encode())
    return digests(path.parent, [path.name])[path.name]


def on_record(known: Evidence) -> dict[str, Any]:
    """Evidence as plain values, the data by a digest of the lines that `write_data` writes."""
    return {
        "archdsl": known.archdsl,
        "counts": dict(known.counts),
        "declared": dict(known.declared),
        "files": dict(known.files),
        "packages": dict(known.packages),
        "data": digest_of(_items(known.data).encode()),
    }


def write_data(folder: Path, known: Evidence) -> None:
    """Write which images there are into a run directory, for whoever asks which are others."""
    if known.data:
        write_if_other(folder / DATA, _items(known.data))


def _items(data: Fingerprint) -> str:
    return "".join(json.dumps([i.name, i.split, i.label, i.size, i.digest]) + "\n" for i in data)
