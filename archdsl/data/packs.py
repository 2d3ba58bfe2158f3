"""Decoded images kept between runs: arrays of bytes in files of the user's cache.

A pack is named by what it was made of: every image's name and what changes with it (of a file its
size and times of change), and the form in which the images are kept. What has not changed is not
decoded twice. A pack that is not as it was written, by the digest at its end, is made again.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from archdsl import memory
from archdsl.cache import cache_folder
from archdsl.data import sealed
from archdsl.data.decode import Channels, array_of, covering, decode_all
from archdsl.data.samples import Samples, Size
from archdsl.drafts import draft_of, name_beside
from archdsl.errors import SearchError
from archdsl.units import counted

LIMIT = 16 * 2**30
"""Bytes that all packs together may take; the ones not used for longest go first."""

VERSION = 5
"""Of the form of a pack; a change of what is decoded is a new one."""

PROBE = (8, 8)
"""The size at which images are decoded only to see that they can be."""


def decoded(samples: Samples, index: int, channels: Channels, size: Size) -> Any:
    """One image as (C, H, W) bytes: scaled until it covers `size`, then cut around the middle.

    Raises SearchError, naming it, for one that cannot be read.
    """
    height, width = size
    # a JPEG can be decoded at half its size, a quarter, ..., much faster
    image = samples.image(index, channels, (2 * height, 2 * width))
    return array_of(covering(image, size))


def packed(
    samples: Samples,
    channels: Channels,
    size: Size,
    progress: Callable[[int], None],
    *,
    where: str,
) -> Any:
    """The images as (N, C, H, W) bytes: mapped from the cache, or in memory where it has no room.

    where: the images come from, for errors
    Raises SearchError for an image that cannot be read.
    """
    import numpy as np

    count = len(samples)
    shape = (count, channels, *size)
    path = cache_folder() / f"{digest(samples, channels, size)}.npy"
    if sealed.is_whole(path, lambda part: progress(round(part * count))):
        _touch(path)
        return np.load(path, mmap_mode="r")
    draft = name_beside(path)
    try:
        array = _room_for(draft, shape, where)

        def keep(index: int) -> None:
            array[index] = decoded(samples, index, channels, size)

        decode_all(count, keep, progress)
        if isinstance(array, np.memmap):
            with contextlib.suppress(OSError):  # what cannot be kept is there all the same
                array.flush()
                sealed.seal(draft)
                draft.replace(path)
                return np.load(path, mmap_mode="r")
        return array
    finally:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)


def checked(samples: Samples, channels: Channels, progress: Callable[[int], None]) -> None:
    """Decode each image once to see that it can be, and keep nothing but the fact.

    Raises SearchError for an image that cannot be read.
    """
    marker = cache_folder() / f"{digest(samples, channels, PROBE)}.checked"
    if sealed.content(marker, len(marker.name)) == marker.name.encode():
        progress(len(samples))
        return

    def look(index: int) -> None:
        decoded(samples, index, channels, PROBE)

    decode_all(len(samples), look, progress)
    with contextlib.suppress(OSError):
        marker.parent.mkdir(parents=True, exist_ok=True)
        with draft_of(marker) as draft:
            draft.write_bytes(sealed.sealed(marker.name.encode()))


def digest(samples: Samples, channels: int, size: Size) -> str:
    """What a pack of images is called."""
    found = hashlib.sha256(repr((VERSION, channels, size)).encode())
    for index in range(len(samples)):
        found.update(repr((samples.key(index), *samples.state(index))).encode())
    return found.hexdigest()[:32]


def _room_for(draft: Path, shape: tuple[int, ...], where: str) -> Any:
    """An array of bytes in the file `draft`, or in memory where the cache cannot take it.

    Raises SearchError where memory cannot take it, either.
    """
    import numpy as np

    needed = math.prod(shape)
    with contextlib.suppress(OSError):
        draft.parent.mkdir(parents=True, exist_ok=True)
        # half of what is free stays free: a file that is mapped cannot say that the disk is full
        if needed <= min(LIMIT, shutil.disk_usage(draft.parent).free // 2):
            _make_room(draft.parent, needed)
            return np.lib.format.open_memmap(draft, mode="w+", dtype=np.uint8, shape=shape)
    if needed > (there := memory.free()):
        raise SearchError(
            f"{where}: {counted(shape[0], 'image')} of {'x'.join(map(str, shape[1:]))} take "
            f"{memory.written(needed)}, the cache has no room for them, and "
            f"{memory.written(there)} of memory are free.  make room on the disk of the cache "
            "($ARCHDSL_CACHE), or take a smaller input"
        )
    return np.empty(shape, dtype=np.uint8)


def _make_room(folder: Path, needed: int) -> None:
    packs = sorted(folder.glob("*.npy"), key=lambda path: path.stat().st_mtime)
    total = needed + sum(path.stat().st_size for path in packs)
    for path in packs:
        if total <= LIMIT:
            return
        total -= path.stat().st_size
        path.unlink(missing_ok=True)


def _touch(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.touch()
