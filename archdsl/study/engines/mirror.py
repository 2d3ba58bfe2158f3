"""The shared folder of a search as a mirror of its run directory, path for path."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from archdsl.errors import SearchError
from archdsl.study.engines.shared_folder import SharedFolder

CLAIM = "search.txt"
"""In a shared folder: of which search its files are."""


class Mirror:
    """What lies in a shared folder, by the path that it has below a folder of this machine.

    root: that folder: the run directory, or one that is laid out like it
    below: a folder in the shared one, for what is no search but shares its settings
    """

    def __init__(self, shared: SharedFolder, root: Path, below: str = "") -> None:
        self.shared, self.root, self.below = shared, root, below

    def put(self, path: Path) -> None:
        """Put a file of this machine there. Raises SearchError."""
        self.shared.put(path, self._name(path))

    def get(self, path: Path) -> bool:
        """Bring a file here; whether it was there. Raises SearchError."""
        return self.shared.get(self._name(path), path)

    def has(self, path: Path) -> bool:
        """Whether a file is there. Raises SearchError."""
        return self.shared.size(self._name(path)) is not None

    def size(self, path: Path) -> int:
        """The bytes of a file there, 0 where there is none. Raises SearchError."""
        return self.shared.size(self._name(path)) or 0

    def drop(self, folder: Path, keep: Collection[str] = ()) -> None:
        """Remove what lies in a folder there, but the files of some names. Raises SearchError."""
        top = self._name(folder)
        if not keep:
            self.shared.remove(top)
            return
        inside = {name.removeprefix(f"{top}/").partition("/")[0] for name in self.shared.names(top)}
        for name in sorted(inside - set(keep)):
            self.shared.remove(f"{top}/{name}")

    def is_of(self, digest: str, name: str) -> bool:
        """Whether the shared folder was taken for a search. Raises SearchError."""
        held = self.shared.text(self._in(CLAIM))
        return held is not None and held.strip() == _claim(digest, name)

    def claim(self, digest: str, name: str, *, fresh: bool, elsewhere: str | None = None) -> None:
        """Take the shared folder for a search, or find that it has it.

        digest: what tells it from others; fresh: whether nothing of it can be there yet
        elsewhere: the folder that has what other drivers left, if that may be another one
        Raises SearchError where it holds what is another's, or lacks what is elsewhere.
        """
        claim, own = self._in(CLAIM), _claim(digest, name)
        held = self.shared.text(claim)
        if held is not None and held.strip() != own:
            other = held.strip().partition(" ")[2] or "?"
            raise SearchError(
                f"search.shared: {self.shared.url} holds the files of another search, {other}.  "
                "choose another folder for this one, or empty it"
            )
        if held is None and elsewhere is not None:
            raise SearchError(
                f"search.shared: {self.shared.url} holds nothing of this search, whose files are "
                f"in {elsewhere}.  name that folder, as this machine reaches it"
            )
        if fresh:
            for folder in ("trials", "final"):
                for found in self.shared.names(self._in(folder))[:1]:
                    raise SearchError(
                        f"search.shared: {self.shared.url} holds {found}, and this search has not "
                        "begun.  choose another folder for it, or empty that one"
                    )
        if held is None:
            self.shared.write(own + "\n", claim)

    def _name(self, path: Path) -> str:
        return self._in(path.relative_to(self.root).as_posix())

    def _in(self, name: str) -> str:
        return f"{self.below}/{name}" if self.below else name


def _claim(digest: str, name: str) -> str:
    return f"{digest} {name}"
