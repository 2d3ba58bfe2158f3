"""A folder that every machine of a search reaches, by its URL."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

from archdsl.drafts import SUFFIX
from archdsl.errors import SearchError
from archdsl.language.settings import SHARED_SCHEMES
from archdsl.units import duration

_T = TypeVar("_T")

PAUSES = (0.2, 1.0, 5.0)
"""Seconds before what failed is tried again: a server that restarts is back after them."""

SLOW = 10.0
"""Seconds from which on it is said that a file took long."""

# What another attempt does not mend.
_LASTING = {
    errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EFBIG,
    errno.ENAMETOOLONG,
}  # fmt: skip


def _silent(what: str) -> None:
    """Say nothing."""


class SharedFolder:
    """Files by name below a URL, each whole or not there.

    On a file system a file is written under another name and moved in one step; an object store
    has it as a whole or not at all.

    url: `file:///mnt/x/digits`, `s3://bucket/digits`, ...
    told: hears once of a file that took long
    Raises SearchError where the package is missing that reaches it.
    """

    def __init__(self, url: str, told: Callable[[str], None] = _silent) -> None:
        self.url = url
        self._told, self._slow = told, False
        self._files, self._root = _opened(url)
        self._moves = url.startswith("file:")

    def put(self, local: Path, name: str) -> None:
        """Put a file there, in place of what has its name. Raises SearchError."""
        target = self._at(name)

        def put() -> None:
            if not self._moves:
                self._files.put_file(str(local), target)
                return
            folder = PurePosixPath(target).parent
            draft = str(folder / f".{PurePosixPath(name).name}.{secrets.token_hex(4)}{SUFFIX}")
            self._files.makedirs(str(folder), exist_ok=True)
            try:
                self._files.put_file(str(local), draft)
                self._files.mv(draft, target)
            except BaseException:
                with contextlib.suppress(OSError):
                    self._files.rm_file(draft)
                raise

        self._tried("written", name, put)

    def write(self, text: str, name: str) -> None:
        """Put a small text there. Raises SearchError."""
        with tempfile.TemporaryDirectory() as folder:
            local = Path(folder) / "text"
            local.write_text(text, encoding="utf-8")
            self.put(local, name)

    def get(self, name: str, local: Path) -> bool:
        """Bring a file here, in place of what has its name; whether it was there.

        Raises SearchError.
        """
        draft = local.with_name(f".{local.name}.{secrets.token_hex(4)}{SUFFIX}")

        def get() -> bool:
            try:
                local.parent.mkdir(parents=True, exist_ok=True)
                self._files.get_file(self._at(name), str(draft))
                draft.replace(local)
            except FileNotFoundError:
                return False
            finally:
                draft.unlink(missing_ok=True)
            return True

        return self._tried("read", name, get)

    def size(self, name: str) -> int | None:
        """The bytes of a file; None where there is none. Raises SearchError."""

        def size() -> int | None:
            try:
                return int(self._files.info(self._at(name))["size"])
            except FileNotFoundError:
                return None

        self._files.invalidate_cache()
        return self._tried("read", name, size)

    def text(self, name: str) -> str | None:
        """What a small file holds; None where there is none. Raises SearchError."""

        def text() -> str | None:
            try:
                return str(self._files.cat_file(self._at(name)).decode("utf-8", "replace"))
            except FileNotFoundError:
                return None

        return self._tried("read", name, text)

    def names(self, prefix: str = "") -> list[str]:
        """The files below a prefix, by name. Raises SearchError."""
        top = self._at(prefix)

        def names() -> list[str]:
            try:
                found = self._files.find(top)
            except (FileNotFoundError, NotADirectoryError):
                return []
            return [PurePosixPath(one).relative_to(self._root).as_posix() for one in found]

        self._files.invalidate_cache()
        return sorted(self._tried("read", prefix or ".", names))

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it, if it is there. Raises SearchError."""

        def remove() -> None:
            with contextlib.suppress(FileNotFoundError):
                self._files.rm(self._at(name), recursive=True)

        self._files.invalidate_cache()
        self._tried("removed", name, remove)

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def _tried(self, done: str, name: str, do: Callable[[], _T]) -> _T:
        """Do something, again where that may help. Raises SearchError."""
        begun = time.monotonic()
        for pause in (*PAUSES, None):
            try:
                found = do()
                break
            except SearchError:
                raise
            except Exception as error:  # object stores raise what they like
                if pause is None or getattr(error, "errno", None) in _LASTING:
                    raise SearchError(
                        f"search.shared: {self.url}/{name} cannot be {done}: {_words(error)}.  see "
                        "to it, and the same command goes on"
                    ) from None
                time.sleep(pause)
        took = time.monotonic() - begun
        if took > SLOW and not self._slow:
            self._slow = True
            self._told(
                f"search.shared: {self.url} is slow: {name} took {duration(took)}, and what "
                "trains waits for it after each epoch"
            )
        return found


def _opened(url: str) -> tuple[Any, str]:
    """The file system of a URL, and where it begins there."""
    import fsspec

    scheme = url.partition("://")[0]
    assert scheme in SHARED_SCHEMES, "the section `search:` takes no other"
    try:
        # a listing that is remembered does not show what other machines wrote since
        files, root = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError:
        package = SHARED_SCHEMES[scheme]
        raise SearchError(
            f"search.shared: {scheme}:// is reached through {package}, which is not installed.  "
            f"pip install {package}"
        ) from None
    return files, str(root).rstrip("/")


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return os.strerror(error.errno) if error.strerror is None else error.strerror
    lines = f"{type(error).__name__}: {error}".rstrip(": ").splitlines()
    return lines[0]
