"""What a spec may reach: files, by where they lie, and Python. The one place that decides it."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import NoReturn

from archdsl import shipped
from archdsl.errors import PlaceInText, SpecError

_ONLY = "in the sandbox a spec reads what lies in its folder or below it, and shipped specs"


class Reach:
    """That of a spec that is trusted: every file, and Python of its own.

    folder: of the spec that was named
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = None if folder is None else _absolute(folder)

    @classmethod
    def of_file(cls, path: Path) -> Reach:
        """Of a spec in a file that was named."""
        return cls(_real(path).parent)

    @classmethod
    def of_text(cls, name: str) -> Reach:
        """Of a spec whose text was given, under a name."""
        return cls(_real(Path(name)).parent)

    def quotes(self, path: Path) -> bool:
        """Whether errors may quote a file: the user's own, or a shipped one."""
        return _lies_in(_real(path), self.folder)

    def file(self, path: Path, address: str = "", mark: PlaceInText | None = None) -> None:
        """Raise SpecError for a file or folder that may not be read, before it is."""

    def tree(self, path: Path, address: str = "", mark: PlaceInText | None = None) -> None:
        """Raise SpecError for a folder in which something may not be read."""

    def python(self, what: str, address: str, mark: PlaceInText | None = None) -> None:
        """Raise SpecError where Python of a spec's own may not run."""


class Sandbox(Reach):
    """That of a spec of a stranger's: files in its folder and below, shipped specs, no Python.

    folder: of the spec that was named; None for one whose text was given, which reads no file
    """

    def __init__(self, folder: Path | None = None) -> None:
        super().__init__(None if folder is None else _real(folder))
        self._named = None if folder is None else _absolute(folder)

    @classmethod
    def of_file(cls, path: Path) -> Reach:
        """Of a spec in a file that was named; a link in its place is followed inside the folder."""
        return cls(path.parent)

    @classmethod
    def of_text(cls, name: str) -> Reach:
        """Of a spec whose text was given: it has no folder."""
        return cls(None)

    def file(self, path: Path, address: str = "", mark: PlaceInText | None = None) -> None:
        """Raise SpecError for a file or folder that may not be read.

        What lies outside by its name is not even looked at.
        """

        def refuse(problem: str, cure: str) -> NoReturn:
            raise SpecError(f"{path} {problem}", address=address, mark=mark, cure=cure)

        if not _lies_in(_absolute(path), self._named):
            if self._named is None:
                refuse(
                    "is a file, and a spec that is given as a text has no folder to read from",
                    "name a shipped spec, or load the spec from a file",
                )
            refuse("lies outside of the spec's folder", f"{_ONLY}: put a copy there")
        try:
            real = path.resolve()
            if not _lies_in(real, self.folder):
                refuse("is a link out of the spec's folder", f"{_ONLY}: put the file itself there")
            kind = stat.S_IFMT(real.lstat().st_mode)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            return  # whoever reads it says so
        except (OSError, RuntimeError, ValueError):
            refuse("leads to no file", "name a file in the folder of the spec")
        if kind not in (stat.S_IFREG, stat.S_IFDIR):
            refuse("is no regular file", "put the file itself there")

    def tree(self, path: Path, address: str = "", mark: PlaceInText | None = None) -> None:
        """Raise SpecError for a folder, or file, in which something leads out or is no file."""
        self.file(path, address, mark)
        waiting, seen = [path], set[Path]()
        while waiting:
            folder = waiting.pop()
            if (real := _real(folder)) in seen or not real.is_dir():
                continue
            seen.add(real)
            with contextlib.suppress(PermissionError), os.scandir(folder) as entries:
                for entry in entries:
                    if not entry.is_file(follow_symlinks=False):
                        self.file(folder / entry.name, address, mark)
                        waiting.append(folder / entry.name)

    def python(self, what: str, address: str, mark: PlaceInText | None = None) -> None:
        """Raise SpecError."""
        raise SpecError(
            f"{what} is refused in the sandbox",
            address=address,
            mark=mark,
            cure="no Python of a spec's own runs there; drop it, or leave out the sandbox if you "
            "trust the spec",
        )


def _absolute(path: Path) -> Path:
    """A path without `..`, by its name alone: nothing is looked at."""
    return Path(os.path.normpath(path.absolute()))


def _real(path: Path) -> Path:
    """A path without links, as far as there are such; whoever reads it says what is wrong."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return _absolute(path)


def _lies_in(path: Path, folder: Path | None) -> bool:
    """Whether a path is a folder's own, below it, or that of a shipped spec."""
    own = folder is not None and path.is_relative_to(folder)
    return own or path.is_relative_to(shipped.folder().resolve())
