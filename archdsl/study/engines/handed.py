"""What a worker is handed once, when it starts: how it judges, and the data, read already."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import mmap
import pickle
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from archdsl.errors import SearchError
from archdsl.study.engines.work import Evaluate
from archdsl.training.failures import first_line

if TYPE_CHECKING:
    from archdsl.training.prepare import Prepared

_FILES = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)

LARGE = 1 << 20
"""Bytes from which on an array is mapped from a file, so that all workers share one copy."""


def sent(evaluate: Evaluate) -> bytes:
    """A user's `evaluate` as bytes, what its module cannot be imported for included.

    Raises SearchError, in words, for one that cannot leave this process.
    """
    import cloudpickle

    class Sender(cloudpickle.Pickler):  # type: ignore[misc]
        """As cloudpickle, but a file stays where it is open: each worker would have a copy."""

        def reducer_override(self, obj: Any) -> Any:
            if isinstance(obj, _FILES) and obj not in (sys.stdin, sys.stdout, sys.stderr):
                raise TypeError(f"it holds an open file, {getattr(obj, 'name', '')}".rstrip(", "))
            return super().reducer_override(obj)

    stream = io.BytesIO()
    try:
        Sender(stream).dump(evaluate)
        found = stream.getvalue()
    except Exception as error:  # whatever somebody's own __reduce__ raises
        raise SearchError(
            f"evaluate cannot be sent to a worker process ({first_line(error)}).  make inside it "
            "what it works with (open files, locks, connections, models on a GPU), or search with  "
            "workers: 1"
        ) from error
    return found


def received(evaluate: bytes) -> Evaluate:
    """The `evaluate` that was sent. Raises SearchError where it cannot be made here."""
    try:
        made: Evaluate = pickle.loads(evaluate)
    except Exception as error:
        raise SearchError(
            f"evaluate cannot be made again in a worker process ({first_line(error)}).  what it "
            "imports must be importable there, too; or search with  workers: 1"
        ) from error
    return made


@dataclasses.dataclass(frozen=True, slots=True)
class ReadData:
    """Data that were read: as bytes, but for large arrays, which lie in files.

    files: those of the arrays; folder: where they lie by now, None for where they were written
    """

    pickled: bytes
    files: tuple[str, ...] = ()
    folder: str | None = None


class SharedData:
    """Data that each worker makes of bytes and of arrays that it maps from files.

    folder: for these files alone. Where nothing can be written, or mapped from what was, they go
        to a temporary folder of the system
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._elsewhere: tempfile.TemporaryDirectory[str] | None = None
        self._files: list[str] = []

    def of(self, prepared: Prepared) -> ReadData | None:
        """The data of a search, or None for what every worker has to read by itself."""
        if prepared.datamodule is not None:
            return None
        stream = io.BytesIO()
        try:
            _Pickler(stream, self._written).dump(dataclasses.replace(prepared, module=None))
        except Exception:  # a source of the user's own may hold whatever it likes
            return None
        return ReadData(stream.getvalue(), tuple(self._files))

    def close(self) -> None:
        """Drop the files; who has mapped them keeps them."""
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._elsewhere is not None:
            self._elsewhere.cleanup()

    def _written(self, array: np.ndarray[Any, Any]) -> str:
        """The file that an array was written to."""
        self._files.append(str(self._saved(array, f"{len(self._files) + 1}.npy")))
        return self._files[-1]

    def _saved(self, array: np.ndarray[Any, Any], name: str) -> Path:
        """The file that an array is mapped from."""
        if self._elsewhere is None:
            path = self._folder / name
            try:
                self._folder.mkdir(exist_ok=True)
                np.save(path, array, allow_pickle=False)
                np.load(path, mmap_mode="r")
                return path
            except OSError:  # not every file system can map files, and a disk may be full
                with contextlib.suppress(OSError):
                    path.unlink()
            self._elsewhere = tempfile.TemporaryDirectory(
                prefix="archdsl-", ignore_cleanup_errors=True
            )
        path = Path(self._elsewhere.name) / name
        np.save(path, array, allow_pickle=False)
        return path


def prepared_again(data: ReadData, module: Callable[[], Any]) -> Prepared:
    """The data that `SharedData.of` gave. module: makes the user's own module class, if any."""
    found: Prepared = _Unpickler(data).load()
    return dataclasses.replace(found, module=module())


class _Pickler(pickle.Pickler):
    """Leaves large arrays to files. written: writes one, and says where."""

    def __init__(self, stream: io.BytesIO, written: Callable[[np.ndarray[Any, Any]], str]) -> None:
        super().__init__(stream, protocol=pickle.HIGHEST_PROTOCOL)
        self._written = written
        self._known: dict[int, str] = {}

    def persistent_id(self, obj: Any) -> str | None:
        """The file of a large array that lies in none yet."""
        if not _is_large(obj) or _in_file(obj) is not None:
            return None
        if id(obj) not in self._known:
            self._known[id(obj)] = self._written(obj)
        return self._known[id(obj)]

    def reducer_override(self, obj: Any) -> Any:
        """Map what lies in a file from there; everything else as ever."""
        return (_in_file(obj) if _is_large(obj) else None) or NotImplemented


class _Unpickler(pickle.Unpickler):
    def __init__(self, data: ReadData) -> None:
        super().__init__(io.BytesIO(data.pickled))
        self._folder = data.folder

    def persistent_load(self, pid: str) -> Any:
        """The array of a file, mapped."""
        path = Path(pid) if self._folder is None else Path(self._folder) / Path(pid).name
        return np.load(path, mmap_mode="r")


def _is_large(obj: Any) -> bool:
    return isinstance(obj, np.ndarray) and obj.nbytes >= LARGE and obj.dtype != object


def _in_file(array: np.ndarray[Any, Any]) -> tuple[Any, ...] | None:
    """How an array is mapped that is a part of a mapped file; None for one that is not whole."""
    if not isinstance(array, np.memmap):
        return None
    base: Any = array
    while isinstance(base.base, np.memmap):
        base = base.base
    if not isinstance(base.base, mmap.mmap) or not array.flags.c_contiguous:
        return None
    address, begin = (one.__array_interface__["data"][0] for one in (array, base))
    offset = base.offset + address - begin
    return np.memmap, (base.filename, array.dtype, "r", offset, array.shape)
