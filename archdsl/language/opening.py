"""The first key of a file, which says what it is and of which version."""

from __future__ import annotations

from archdsl.errors import SpecError
from archdsl.language.nodes import Mapping, Scalar

VERSION = 1


def check_version(root: Mapping, key: str, *, begins: str, reads: str) -> None:
    """Raise SpecError for a file that does not begin with its key and this version.

    begins, reads: what such a file is, and what there are versions of, in words
    """
    first, version = next(iter(root), None), root.get(key)
    if version is None:
        raise SpecError(
            f"{begins} begins with  {key}: {VERSION}",
            mark=root.marks.get(first or "", root.mark),
            cure="it says which version of the language this is; write it as the first key",
        )
    if not isinstance(version, Scalar) or version.value != VERSION or version.value is True:
        raise SpecError(
            f"this archdsl reads version {VERSION} of {reads}",
            address=key,
            mark=version.mark,
            cure=f"write  {key}: {VERSION}",
        )
    if first != key:
        raise SpecError(
            f"{key}: {VERSION} comes first",
            mark=root.marks.get(key),
            cure=f"move it above {first}",
        )
