"""The record as a file of lines in the run directory."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from archdsl import regular
from archdsl.errors import SearchError
from archdsl.study.record import files
from archdsl.study.record.events import Created, Event, Malformed
from archdsl.study.record.lines import Reader, encode
from archdsl.study.record.lock import locked
from archdsl.units import counted

RECORD, LOCK = "record.jsonl", "lock"
MIRROR = "mirror.json"
"""Says of a record that it is a copy, and what of."""

_BLOCK = 1 << 16


class FileStore:
    """A record in `record.jsonl` of a folder. Only who is in `open` may add to it.

    A kill can leave half a last line; it is dropped when the record is opened for writing, and
    passed over when it is read.

    last_writer: of the line that was read last
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / RECORD
        self._lock = folder / LOCK
        self._reader = Reader()
        self._writer = self.last_writer = ""
        self._handle: int | None = None
        self._process = 0
        self._size = 0
        self._read = 0
        self._known: tuple[int, int] | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        """Hold the folder's lock, with the file ready for more lines.

        Raises SearchError where another process holds it.
        """
        with locked(self._lock):
            self._process, self._writer = os.getpid(), secrets.token_hex(4)
            self.drop_half_line()
            try:
                yield
            finally:
                self.close()

    def replay(self) -> Iterator[Event]:
        """The events on record; later ones are added behind the last that was read.

        Raises SearchError for a damaged line, naming it.
        """
        self._reader, self._read, self._known = Reader(), 0, None
        return self.later()

    def later(self) -> Iterator[Event]:
        """The events behind the last that was read, though more may be written meanwhile.

        Raises SearchError for a damaged line, naming it.
        """
        for line in _whole_lines(self.path, self._read):
            number = self._reader.number
            try:
                read = self._reader.read(line)
            except Malformed as error:
                before = f"goes on from the {counted(number, 'line')} before it"
                first = self.first()
                check = isinstance(first, Created) and first.of_a_check
                raise SearchError(
                    f"{self.path}: line {number + 1} is damaged: {error}.  `archdsl "
                    f"{'proxy-check' if check else 'search'} --salvage` "
                    f"{before if number else 'begins anew'} and keeps the damaged file "
                    "beside; or restore it from a copy, or choose another --out"
                ) from None
            self._read += len(line) + 1
            self.last_writer = read.writer
            yield read.event

    def first(self) -> Event | None:
        """The first event; None where there is none, or a damaged line in its place."""
        for line in _whole_lines(self.path):
            with contextlib.suppress(Malformed):
                return Reader().read(line).event
            break
        return None

    @property
    def line(self) -> int:
        """The number of the line that was read last, from 1."""
        return self._reader.number

    def is_another(self) -> bool:
        """Whether what lies there now is not what was read so far, with or without more."""
        try:
            found = self.path.stat()
        except OSError:
            return self._read > 0
        before, self._known = self._known, (found.st_dev, found.st_ino)
        return self._read > 0 and (found.st_size < self._read or before not in (None, self._known))

    @property
    def writer(self) -> str:
        """What the lines of this writer name as theirs."""
        return self._writer

    def following(self, event: Event) -> bytes:
        """The line of an event behind those that were read, which is not written by this."""
        before = self._reader.before(self._writer)
        return encode(self._reader.number, self._writer, before, event)[0]

    def add(self, event: Event) -> int:
        """Write an event behind those that were replayed; returns its number."""
        if os.getpid() != self._process:
            raise SearchError(f"{self.path} belongs to process {self._process}, which opened it")
        reader = self._reader
        line, written = encode(reader.number, self._writer, reader.last, event)
        with files.writing(self.path):
            if self._handle is None:
                flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
                self._handle = regular.descriptor(self.path, flags)
                self._size = os.fstat(self._handle).st_size
                files.sync_folder(self.path.parent)
            self._refuse_other_file(self._handle)
            self._write(self._handle, line)
            self._size += len(line)
            self._read += len(line)
        reader.number, reader.last = reader.number + 1, written
        return reader.number - 1

    def settle(self) -> None:
        """Wait until all that was added is on the disk. Raises SearchError."""
        if self._handle is not None:
            with files.writing(self.path):
                os.fsync(self._handle)

    def _refuse_other_file(self, handle: int) -> None:
        """Raise SearchError where what lies there is no longer what this writer left."""
        here, there = os.fstat(handle), self.path.stat()
        if not os.path.samestat(here, there) or there.st_size != self._size:
            raise SearchError(
                f"{self.path} was replaced, cut or written to by somebody else while the search "
                "ran.  put it back, and the same command goes on"
            )

    @staticmethod
    def _write(handle: int, line: bytes) -> None:
        """Write a whole line, or nothing of it."""
        before = os.fstat(handle).st_size
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(handle, rest) :]
        except OSError:
            os.ftruncate(handle, before)
            raise

    def start_afresh(self, event: Event) -> None:
        """Begin a record with an event, in the place of one of which nothing is to stay."""
        self.close()
        line, written = encode(0, self._writer, "", event)
        files.write_bytes(self.path, line)
        self._reader, self._read, self._known = Reader(), len(line), None
        self._reader.number, self._reader.last = 1, written

    def salvage(self) -> Path | None:
        """Keep the lines before the first damaged one; the damaged file stays beside.

        Returns where, or None where nothing is damaged.
        """
        reader, whole = Reader(), []
        for line in _whole_lines(self.path):
            try:
                reader.read(line)
            except Malformed:
                break
            whole.append(line + b"\n")
        else:
            return None
        number = 1
        while (beside := self.path.with_name(f"record.damaged-{number}.jsonl")).exists():
            number += 1
        files.copy(self.path, beside)
        files.write_bytes(self.path, b"".join(whole))
        return beside

    def drop_half_line(self) -> None:
        """Drop what a kill left behind the last newline."""
        if not self.path.is_file():
            return
        with files.writing(self.path), self.path.open("rb+") as file:
            size = file.seek(0, os.SEEK_END)
            whole = _end_of_last_line(file, size)
            if 0 < whole < size:  # the first line is written in one step
                file.truncate(whole)
                file.flush()
                os.fsync(file.fileno())

    def close(self) -> None:
        """Write no more."""
        if self._handle is not None:
            with contextlib.suppress(OSError):  # an `evaluate` may have closed what is not its own
                os.close(self._handle)
            self._handle = None


def _whole_lines(path: Path, start: int = 0) -> Iterator[bytes]:
    """The lines from a place on that end; nothing but a newline ends one.

    What a writer adds after the first line was asked for is passed over, and so is half a line
    that it has not finished. The first line is written in one step, so that a file without a
    newline is damaged, and is its own first line. Raises SearchError for a link that leads
    nowhere.
    """
    if not path.exists():
        if path.is_symlink():
            raise SearchError(
                f"{path} is a link that leads nowhere.  see to it, and the same command goes on"
            )
        return
    with files.opened(path) as file:
        left = os.fstat(file.fileno()).st_size - start
        file.seek(start)
        first = start == 0
        while left > 0 and (line := file.readline(left)):
            left -= len(line)
            if line.endswith(b"\n") or first:
                yield line.removesuffix(b"\n")
            first = False


def _end_of_last_line(file: BinaryIO, size: int) -> int:
    """Where the last newline of a file ends; 0 where there is none."""
    while size > 0:
        start = max(0, size - _BLOCK)
        file.seek(start)
        found = file.read(size - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        size = start
    return 0
