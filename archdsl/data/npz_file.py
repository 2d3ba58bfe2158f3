"""The arrays of an .npz file, none of which is larger than the file says and memory holds."""

from __future__ import annotations

import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import IO, Any, BinaryIO

from archdsl import memory
from archdsl.errors import SearchError
from archdsl.regular import opened

COPIES = 2
"""Of its arrays that are held at once while the images are split."""


def names_in(path: Path) -> tuple[str, ...]:
    """The names of the arrays of the file. Raises SearchError."""
    import numpy as np

    with _reading(path) as stream, np.load(stream, allow_pickle=False) as file:
        return tuple(file.files)


def arrays_of(path: Path, names: Collection[str]) -> dict[str, Any]:
    """Those arrays of the file. Raises SearchError.

    What their headers declare is held against the file and against memory before it is read.
    """
    import numpy as np

    with _reading(path) as stream:
        _check_sizes(path, stream, names)
        stream.seek(0)
        with np.load(stream, allow_pickle=False) as file:
            return {name: file[name] for name in names}


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """The file, open; whatever fails with it is a SearchError."""
    if not path.is_file():
        other = "is no regular file" if path.exists() else "no such file"
        what = "is a folder, not a file" if path.is_dir() else other
        raise SearchError(f"{path}: {what}.  search.proxy.data.path names an .npz file")
    try:
        with opened(path) as stream:
            if stream.read(6) == b"\x93NUMPY":
                raise ValueError("it holds one array without a name")
            stream.seek(0)
            yield stream
    except SearchError:
        raise
    except Exception as error:  # numpy and the decompressors each fail in a way of their own
        why = str(error).partition("\n")[0] or type(error).__name__
        raise SearchError(
            f"{path}: cannot be read as .npz ({why}).  save it with numpy.savez(path, x=..., y=...)"
        ) from None


def _check_sizes(path: Path, stream: BinaryIO, names: Collection[str]) -> None:
    total = 0
    for name, declared, held in _declared(stream, names):
        if declared > held:
            raise SearchError(
                f"{path}: {name} is declared as {memory.written(declared)}, and the file holds "
                f"{memory.written(held)} of it.  save it with numpy.savez(path, x=..., y=...)"
            )
        total += declared
    if COPIES * total > (there := memory.free()):
        raise SearchError(
            f"{path}: its arrays are {memory.written(total)}, splitting them takes twice that, and "
            f"{memory.written(there)} of memory are free.  save fewer images, or smaller ones, or "
            "bytes"
        )


def _declared(stream: BinaryIO, names: Collection[str]) -> Iterator[tuple[str, int, int]]:
    """Of each array its name, the bytes that its header declares, and those that are there."""
    with zipfile.ZipFile(stream) as archive:
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            if name in names:
                with archive.open(entry) as member:
                    yield name, _size(member), max(0, entry.file_size - member.tell())


def _size(member: IO[bytes]) -> int:
    """The bytes of an array by its header. Raises ValueError for what is none."""
    import numpy as np

    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    version = np.lib.format.read_magic(member)
    if version not in readers:
        raise ValueError(f"its format is {version[0]}.{version[1]}")
    shape, _, dtype = readers[version](member)
    if dtype.hasobject or min(shape, default=0) < 0:
        raise ValueError("it holds Python objects" if dtype.hasobject else "a side is negative")
    return prod(shape) * int(dtype.itemsize)
