"""The text of a spec's file, or in words why there is none."""

from __future__ import annotations

import itertools
import os
import stat
from pathlib import Path

from archdsl.errors import SpecError
from archdsl.spelling import did_you_mean

_MAX_NEIGHBOURS = 1000
_WIDE = {
    "UTF-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"a\0\0\0", b"\0\0\0a"),
    "UTF-16": (b"\xff\xfe", b"\xfe\xff", b"a\0", b"\0a", b"#\0", b"\0#"),
}
"""How texts in other encodings begin: with their byte order mark, or with archdsl or a comment."""


def text_of(path: Path, max_bytes: int, noun: str = "a spec") -> str:
    """The text of a UTF-8 file, or pipe, of at most `max_bytes`; larger files are never read.

    noun: what such a file is
    Raises SpecError.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SpecError(f"{path}: this is a folder", cure="name a file in it")
        content, size = b"", status.st_size
        if stat.S_ISFIFO(status.st_mode):
            content = _piped(path, max_bytes + 1)
        elif not stat.S_ISREG(status.st_mode):
            raise SpecError(f"{path}: this is no regular file", cure="name a .yaml file")
        elif size <= max_bytes:
            with path.open("rb") as file:
                content = file.read(max_bytes + 1)
        if max(size, len(content)) > max_bytes:
            itself = f"the {noun.removeprefix('a ')} itself"
            raise SpecError(
                f"{path}: {max(size, len(content)):,} bytes are too many; "
                f"{noun} has at most {max_bytes:,}",
                cure=f"name {itself}; data and weights stay in files of their own",
            )
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(path) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SpecError(f"{path}: the file cannot be read: {reason}") from None
    except ValueError:
        raise SpecError(f"{str(path)!r} is no path") from None
    return _decoded(content, path)


def _piped(path: Path, most: int) -> bytes:
    """What comes out of a pipe, at most so many bytes; one that nobody writes to never waits."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as pipe:
        os.set_blocking(pipe.fileno(), True)
        content = pipe.read(most)
    if not content:
        raise SpecError(
            f"{path}: nothing comes out of this pipe", cure="begin writing into it first"
        )
    return content


def _decoded(content: bytes, path: Path) -> str:
    for name, beginnings in _WIDE.items():
        if content.startswith(beginnings):
            raise SpecError(f"{path}: the file is {name}", cure="save it as UTF-8")
    if b"\0" in content:
        raise SpecError(f"{path}: this is no text", cure="a spec is a text file in YAML")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SpecError(
            f"{path}: the file is not UTF-8: byte 0x{content[error.start]:02x} in line {line}",
            cure="save it as UTF-8",
        ) from None


def _missing(path: Path) -> SpecError:
    for folder in reversed(path.parents):
        if not folder.exists():
            return SpecError(f"{path}: there is no folder {folder}", cure=_near(folder))
        if not folder.is_dir():
            return SpecError(f"{path}: {folder} is no folder")
    return SpecError(f"{path}: there is no such file", cure=_near(path))


def _near(path: Path) -> str:
    """The names beside `path` that look like it."""
    try:
        with os.scandir(path.parent) as entries:
            names = sorted(e.name for e in itertools.islice(entries, _MAX_NEIGHBOURS))
    except OSError:
        return ""
    return did_you_mean(path.name, names, most=2)
