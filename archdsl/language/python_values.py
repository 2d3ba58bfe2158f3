"""Values from Python, as a spec can hold them."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from numbers import Integral
from typing import Any

from archdsl.errors import SpecError
from archdsl.language.yaml import MAX_DEPTH, MAX_VALUES
from archdsl.printable import shown


def plain_values(values: MappingOf[Any, Any], what: str = "a spec") -> dict[str, Any]:
    """A private copy of a mapping, made of dicts, lists, texts, numbers, truths and None.

    Raises SpecError for what a spec cannot hold, for keys that are no words, and for more levels
    or values than a file may have, as of a list that holds itself.
    """
    found = _Copy(what).of(values, 0)
    assert isinstance(found, dict)
    return found


class _Copy:
    def __init__(self, what: str) -> None:
        self.what = what
        self.count = 0

    def of(self, value: Any, depth: int) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            raise SpecError(f"{self.what} has at most {MAX_VALUES:,} values, and this has more")
        if depth > MAX_DEPTH:
            raise SpecError(f"{self.what} has at most {MAX_DEPTH} levels, and this has more")
        if isinstance(value, MappingOf):
            return {_key(key): self.of(inner, depth + 1) for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.of(inner, depth + 1) for inner in value]
        return _scalar(value)


def _key(key: object) -> str:
    if not isinstance(key, str) or not key or "\n" in key:
        raise SpecError(f"a key of a spec is a word, not {shown(key)}")
    return str.__str__(key)


def _scalar(value: object) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return str.__str__(value)  # of an enumeration, too, the text alone
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, Integral):
        return int(value)
    raise SpecError(
        f"a spec cannot hold {shown(value)}",
        cure="values are numbers, words, none, lists and mappings",
    )
