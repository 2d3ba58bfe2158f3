"""The first key of a file, which says what it is and of which version."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Scalar

VERSION = 1


@dataclass(frozen=True, slots=True)
class FileKind:
    """What a file is.

    key: that it begins with; noun: what it is called; versions: of what there are versions
    """

    key: str
    noun: str
    versions: str

    @property
    def first(self) -> str:
        """The line that it begins with."""
        return f"{self.key}: {VERSION}"


SPEC = FileKind("archdsl", "a spec", "the language")
RECIPE = FileKind("recipe", "a recipe", "recipes")


def check_version(root: Mapping, kind: FileKind) -> None:
    """Raise SpecError for a file that does not begin with its key and this version."""
    key = kind.key
    first, version = next(iter(root), None), root.get(key)
    if version is None:
        raise SpecError(
            f"{kind.noun} begins with  {kind.first}",
            mark=root.marks.get(first or "", root.mark),
            cure="it says which version of the language this is; write it as the first key",
        )
    if not isinstance(version, Scalar) or version.value != VERSION or version.value is True:
        raise SpecError(
            f"this archdsl reads version {VERSION} of {kind.versions}",
            address=key,
            mark=version.mark,
            cure=f"write  {kind.first}",
        )
    if first != key:
        raise SpecError(
            f"{kind.first} comes first",
            mark=root.marks.get(key),
            cure=f"move it above {first}",
        )
