"""Writing files whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from archdsl.errors import ExportError


def write(path: Path, content: str | bytes) -> None:
    """Write a file; a reader sees the old one or the new one, never a part.

    Raises ExportError where the place cannot be written to.
    """
    with _named(path):
        _write({path: content})


def write_all(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files into a folder, which is made where it is missing. None appears before all are
    ready. Raises ExportError where the place cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise ExportError(f"{folder}: is no folder, and there are {len(files)} files to write")
    with _named(folder):
        folder.mkdir(exist_ok=True)
        _write({folder / name: content for name, content in files.items()})


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExportError(f"{path}: cannot be written ({error.strerror or error})") from None


def _write(files: Mapping[Path, str | bytes]) -> None:
    waiting: dict[Path, Path] = {}
    mask = os.umask(0)
    os.umask(mask)
    try:
        for path, content in files.items():
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            waiting[Path(name)] = path
            with os.fdopen(handle, "wb") as file:
                file.write(content.encode() if isinstance(content, str) else content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~mask)  # mkstemp's own mode keeps everyone else out
        for ready, path in waiting.items():
            ready.replace(path)
    except BaseException:
        for ready in waiting:
            with contextlib.suppress(OSError):
                ready.unlink()
        raise
