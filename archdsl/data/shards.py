"""Images in tar files: where in its shard each of them lies, found once and kept in the cache.

A shard is a plain tar file in which files of one name belong together: `0001.jpg` is an image, and
`0001.cls` says its class. With the place of each image any of them can be read at any time, so that
all can be shuffled, and a pass can begin anywhere.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import tarfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from archdsl.cache import cache_folder
from archdsl.data import sealed
from archdsl.data.digests import RECENT
from archdsl.data.passed_over import SUFFIXES
from archdsl.data.samples import Samples, readable
from archdsl.data.texts import Texts
from archdsl.drafts import draft_of
from archdsl.errors import SearchError
from archdsl.printable import printable_line, shown
from archdsl.regular import opened

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LIMIT = 1 << 30
"""Bytes of the index of one shard; an image takes some tens."""

VERSION = 2
"""Of what is kept of a shard."""

LONGEST = 255
"""Characters of the name of a class; more are a text about the image."""

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")


@dataclass(frozen=True, slots=True, eq=False)
class ShardIndex:
    """The images of one shard, in its order.

    keys: what its members are called without their last parts; classes: as they are written
    offsets, sizes: (N,), int64, of an image in the file, in bytes
    """

    keys: Texts
    classes: Texts
    offsets: NDArray[np.int64]
    sizes: NDArray[np.int64]


class Sharded(Samples):
    """Images in several shards.

    root: what the names of shards are relative to; shards: their paths
    indices: of each shard where its images are; class_names: those that they name
    """

    def __init__(
        self,
        root: Path,
        shards: list[Path],
        indices: list[ShardIndex],
        class_names: tuple[str, ...],
    ) -> None:
        import numpy as np

        self.shards = [str(path) for path in shards]
        self.called = [os.path.relpath(path, root) for path in shards]
        self.states = [_state(path) for path in shards]
        self.class_names = class_names
        self.keys = Texts.joined([one.keys for one in indices])
        self.offsets = np.concatenate([one.offsets for one in indices])
        self.sizes = np.concatenate([one.sizes for one in indices])
        self.shard = np.repeat(np.arange(len(indices)), [len(one.keys) for one in indices])
        number = {name: label for label, name in enumerate(class_names)}
        self.labels = np.asarray([number[name] for one in indices for name in one.classes])

    def name(self, index: int) -> str:
        """The path of the shard, and the key."""
        return f"{self.shards[self.shard[index]]}: {self.keys[index]}"

    def key(self, index: int) -> str:
        """The shard below the root, and the key: shards may have the same keys."""
        return f"{self.called[self.shard[index]]}/{self.keys[index]}"

    def size(self, index: int) -> int:
        """The size of the member."""
        return int(self.sizes[index])

    def opened(self, index: int) -> BinaryIO:
        """What the member holds."""
        with opened(Path(self.shards[self.shard[index]])) as file:
            file.seek(int(self.offsets[index]))
            found = file.read(int(self.sizes[index]))
        return io.BytesIO(found)

    def state(self, index: int) -> tuple[Any, ...]:
        """Where it is, and what changes with the shard."""
        shard = self.shard[index]
        return self.shards[shard], *self.states[shard], int(self.offsets[index])


def index_of(path: Path, label: str) -> ShardIndex:
    """The images of a shard. Raises SearchError for what is none, and an image without a class.

    label: the last part of the name of the member that says the class; or `json.KEY`, where a
        member in JSON has it by that key
    """
    state = _state(path)
    store = _store(path, label)
    if store is not None and (known := _known(store, state)) is not None:
        return known
    found = _read(path, label)
    if store is not None and max(state[1:]) < time.time_ns() - RECENT:
        _keep(store, state, found)
    return found


def _read(path: Path, label: str) -> ShardIndex:
    import numpy as np

    kind, _, field = label.partition(".")
    images: dict[str, tuple[int, int]] = {}
    classes: dict[str, str] = {}
    dotted = ""
    try:
        with opened(path) as stream, tarfile.open(fileobj=stream, mode="r:") as file:
            for member in file:
                file.members = []  # type: ignore[attr-defined]  # or it would keep them all
                key, suffix = _parts(member.name)
                if not member.isreg() or key.rpartition("/")[2].startswith("."):
                    continue
                if not dotted and f".{suffix}".endswith(SUFFIXES) and "." in suffix:
                    dotted = (
                        f"of {printable_line(member.name)} the key is {printable_line(key)}, and "
                        f"the rest, {suffix}, is no image: a key ends at the first dot"
                    )
                if f".{suffix}" in SUFFIXES:
                    if key in images:
                        raise SearchError(f"{path}: {key} has two images.  leave one of them")
                    images[key] = member.offset_data, member.size
                elif suffix == kind:
                    held = file.extractfile(member)
                    assert held is not None, "it is a regular file"
                    classes[key] = _class(held.read(), field, f"{path}: {key}.{suffix}")
    except (OSError, tarfile.TarError) as error:
        raise SearchError(
            f"{path}: cannot be read as a tar file ({error}).  a shard is a tar file that is not "
            "compressed"
        ) from None
    if not images:
        raise SearchError(
            f"{path}: holds no images ({' '.join(SUFFIXES)}).  {dotted or 'remove it'}"
        )
    for one, other, what in ((images, classes, f".{kind}"), (classes, images, "image")):
        if stray := next((key for key in one if key not in other), None):
            raise SearchError(
                f"{path}: {stray} has no {what}.  give each image its class, or say what holds it, "
                "as  label_member: json.label"
            )
    places = np.asarray(list(images.values()), np.int64)
    return ShardIndex(
        Texts.of(images), Texts.of(classes[key] for key in images), places[:, 0], places[:, 1]
    )


def _parts(name: str) -> tuple[str, str]:
    """`a/0001.seg.png` is (`a/0001`, `seg.png`): the first dot of a file's name counts."""
    folder, _, file = name.removeprefix("./").rpartition("/")
    stem, _, suffix = file.partition(".")
    return (f"{folder}/{stem}" if folder else stem), suffix.lower()


def _class(content: bytes, field: str, name: str) -> str:
    """The class that a member says."""
    try:
        text = content.decode()
        said = json.loads(text)[field] if field else text
    except (ValueError, KeyError, TypeError):
        what = f"JSON with {field}" if field else "text"
        raise SearchError(f"{name}: is no {what}.  write the class into it") from None
    whole = isinstance(said, (int, str)) and not isinstance(said, bool)
    said = str(said).strip() if whole else ""
    if not said:
        raise SearchError(f"{name}: says no class.  write a number or a name into it")
    if said.isdecimal():
        return str(int(said))
    if _NUMBER.fullmatch(said):
        raise SearchError(
            f"{name}: says {said}, and classes are numbered by whole numbers from 0.  write one of "
            "those, or a name"
        )
    if len(said) > LONGEST or not said.replace("\u3000", " ").replace("\xa0", " ").isprintable():
        raise SearchError(
            f"{name}: holds {shown(said)}, which is no number and no name on one line.  write the "
            "class alone into it"
        )
    if not field and said[0] in "{[":
        raise SearchError(
            f"{name}: holds {shown(said)}, which looks like JSON.  write the class alone into it, "
            "or say where it stands, as  label_member: json.label"
        )
    return said


def _state(path: Path) -> tuple[int, int, int]:
    with readable(str(path)):
        stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def _store(path: Path, label: str) -> Path | None:
    with contextlib.suppress(OSError):
        name = repr((VERSION, str(path.resolve()), label)).encode()
        return cache_folder() / f"{hashlib.sha256(name).hexdigest()[:32]}.shard"
    return None


def _known(store: Path, state: tuple[int, int, int]) -> ShardIndex | None:
    import numpy as np

    content = sealed.content(store, LIMIT)
    if content is None:
        return None
    with np.load(io.BytesIO(content), allow_pickle=False) as kept:
        if kept["state"].tolist() != list(state):
            return None
        return ShardIndex(
            Texts(kept["keys"], kept["key_ends"]),
            Texts(kept["classes"], kept["class_ends"]),
            kept["offsets"],
            kept["sizes"],
        )


def _keep(store: Path, state: tuple[int, int, int], found: ShardIndex) -> None:
    import numpy as np

    content = io.BytesIO()
    np.savez(
        content, state=np.asarray(state), keys=found.keys.buffer, key_ends=found.keys.ends,
        classes=found.classes.buffer, class_ends=found.classes.ends, offsets=found.offsets,
        sizes=found.sizes,
    )  # fmt: skip
    with contextlib.suppress(OSError):
        store.parent.mkdir(parents=True, exist_ok=True)
        with draft_of(store) as draft:
            draft.write_bytes(sealed.sealed(content.getvalue()))
