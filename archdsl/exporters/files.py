"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from archdsl import regular
from archdsl.drafts import draft_of, write_durably
from archdsl.errors import ExportError
from archdsl.units import counted


def write(path: Path, content: str | bytes) -> None:
    """Write a file; a reader sees the old one or the new one, never a part.

    A device or a pipe, such as /dev/stdout, is written to and stays what it is. Raises ExportError
    where the place cannot be written to.
    """
    if path.is_dir():
        raise ExportError(f"{path}: this is a folder.  name a file in it")
    with _named(path):
        if regular.is_other(path):
            regular.write_into(path, _bytes(content))
        else:
            _write({path: content})


def write_all(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, which is made where it is missing. None appears before all are
    ready. Raises ExportError where the place cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise ExportError(
            f"{folder}: is no folder, and it is to hold {counted(len(files), 'file')}"
        )
    with _named(folder):
        folder.mkdir(exist_ok=True)
        _write({folder / name: content for name, content in files.items()})


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise ExportError(f"{path}: cannot be written ({reason}).  choose another place") from None


def _bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _write(files: Mapping[Path, str | bytes]) -> None:
    with contextlib.ExitStack() as drafts:
        for path, content in files.items():
            write_durably(drafts.enter_context(draft_of(path)), _bytes(content))
