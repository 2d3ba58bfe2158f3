"""Images kept decoded at a chosen size, on disk, for trainings that would decode them many times.

They take what they take, however much that is, and stay until they are deleted: in the folder
`images` of the user's cache, named by what they were made of, as packs are.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Literal

from archdsl import memory
from archdsl.cache import cache_folder
from archdsl.data import sealed
from archdsl.data.decode import Channels, decode_all
from archdsl.data.packs import decoded, digest
from archdsl.data.samples import Samples, Size
from archdsl.drafts import name_beside
from archdsl.errors import SearchError
from archdsl.units import counted

if TYPE_CHECKING:
    from PIL.Image import Image

LIMIT = 1 << 30
"""Bytes of what is said of images that cannot be read."""


class Kept(Samples):
    """Other images, as they are kept.

    array: (N, C, H, W), bytes, mapped from a file
    unreadable: position -> why there is no image
    """

    def __init__(self, samples: Samples, array: Any, unreadable: dict[int, str]) -> None:
        self.samples = samples
        self.array = array
        self.unreadable = unreadable
        self.labels = samples.labels
        self.class_names = samples.class_names

    def name(self, index: int) -> str:
        """As there."""
        return self.samples.name(index)

    def key(self, index: int) -> str:
        """As there."""
        return self.samples.key(index)

    def size(self, index: int) -> int | None:
        """As there."""
        return self.samples.size(index)

    def opened(self, index: int) -> BinaryIO:
        """As there."""
        return self.samples.opened(index)

    def state(self, index: int) -> tuple[Any, ...]:
        """As there."""
        return self.samples.state(index)

    def image(self, index: int, channels: Channels, least: Size | None = None) -> Image:
        """The image as it is kept."""
        from PIL import Image

        if index in self.unreadable:
            raise SearchError(self.unreadable[index])
        pixels = self.array[index]
        return Image.fromarray(pixels[0] if channels == 1 else pixels.transpose(1, 2, 0))


def room(samples: Samples, channels: Channels, size: Size) -> str:
    """What it takes to keep images, for people."""
    shape = (channels, *size)
    needed = memory.written(len(samples) * math.prod(shape))
    return (
        f"{counted(len(samples), 'image')} of {'x'.join(map(str, shape))} take {needed} in "
        f"{_folder()}"
    )


def kept(
    samples: Samples,
    channels: Channels,
    size: Size,
    on_bad: Literal["skip", "stop"],
    said: Callable[[str], None],
    progress: Callable[[int], None],
) -> Kept:
    """The images, each scaled until it covers `size` and cut around the middle, kept on disk.

    said: called with what they are going to take, before they are made
    Raises SearchError where the disk has no room for them, and, with `on_bad` "stop", for an image
    that cannot be read.
    """
    import numpy as np

    name = digest(samples, channels, size)
    path, notes = _folder() / f"{name}.npy", _folder() / f"{name}.unreadable"
    if not sealed.is_whole(path, lambda part: progress(round(part * len(samples)))):
        said(room(samples, channels, size))
        _make(samples, channels, size, on_bad, path, notes, progress)
    content = sealed.content(notes, LIMIT)
    unreadable = {} if content is None else json.loads(content)
    array = np.load(path, mmap_mode="r")
    return Kept(samples, array, {int(index): why for index, why in unreadable.items()})


def _make(
    samples: Samples,
    channels: Channels,
    size: Size,
    on_bad: Literal["skip", "stop"],
    path: Path,
    notes: Path,
    progress: Callable[[int], None],
) -> None:
    draft = name_beside(path)
    unreadable: dict[int, str] = {}
    try:
        array = _reserved(draft, samples, channels, size)

        def keep(index: int) -> None:
            try:
                array[index] = decoded(samples, index, channels, size)
            except SearchError as error:
                if on_bad == "stop":
                    raise
                unreadable[index] = str(error)

        decode_all(len(samples), keep, progress)
        array.flush()
        notes.write_bytes(sealed.sealed(json.dumps(unreadable).encode()))
        sealed.seal(draft)
        draft.replace(path)
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def _reserved(draft: Path, samples: Samples, channels: Channels, size: Size) -> Any:
    """An array in a file that has its place on the disk: a mapped one cannot say that it is full.

    Raises SearchError where there is none.
    """
    import numpy as np

    shape = (len(samples), channels, *size)
    try:
        draft.parent.mkdir(parents=True, exist_ok=True)
        array = np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=shape)
        if hasattr(os, "posix_fallocate"):
            with draft.open("r+b") as file:
                os.posix_fallocate(file.fileno(), 0, draft.stat().st_size + sealed.SIZE)
                file.truncate(draft.stat().st_size - sealed.SIZE)
    except OSError as error:
        there = 0
        with contextlib.suppress(OSError):
            there = shutil.disk_usage(draft.parent).free
        raise SearchError(
            f"{room(samples, channels, size)}, and {memory.written(there)} are free there "
            f"({error.strerror}).  make room, choose another place by $ARCHDSL_CACHE, or keep them "
            "smaller"
        ) from None
    return array


def _folder() -> Path:
    return cache_folder() / "images"
