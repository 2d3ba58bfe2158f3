"""One side of a rename rule: a name of a tensor with places for what varies.

`network.{2*i}.{j}.norm1.{leaf}` stands for `network.4.1.norm1.weight` with i = 2, j = 1 and
leaf = weight. `{i}` `{j}` `{k}` are integers from 0, with a factor and a summand if need be;
`{leaf}` is one last segment, `{rest}` is anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

_PLACE = re.compile(r"\{([^{}]*)\}")
_INDEX = re.compile(r"(?:([1-9]\d*)\*)?([ijk])(?:([+-]\d+))?")
_WORDS = {"leaf": r"([^.]+)", "rest": r"(.+)"}

Values: TypeAlias = dict[str, "int | str"]


class BadPattern(ValueError):
    """A text that is no pattern; the words complete "'...' "."""


@dataclass(frozen=True, slots=True)
class _Index:
    """`times * name + plus`."""

    name: str
    times: int
    plus: int


@dataclass(frozen=True, slots=True)
class _Word:
    """`{leaf}` or `{rest}`."""

    name: str


class Pattern:
    """A name with places; `names` are the names of its places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._parts: list[str | _Index | _Word] = []
        expression = ""
        for number, piece in enumerate(_PLACE.split(text)):
            part = _place(piece) if number % 2 else piece
            self._parts.append(part)
            if isinstance(part, str):
                if set(part) & set("{}"):
                    raise BadPattern("has a brace without its partner")
                expression += re.escape(part)
            else:
                expression += r"(0|[1-9]\d*)" if isinstance(part, _Index) else _WORDS[part.name]
        self._places = [part for part in self._parts if not isinstance(part, str)]
        self._expression = re.compile(expression)
        self.names = frozenset(place.name for place in self._places)

    def match(self, name: str) -> Values | None:
        """What the places stand for in a name, or None where the name is another."""
        found = self._expression.fullmatch(name)
        if found is None:
            return None
        values: Values = {}
        for place, text in zip(self._places, found.groups(), strict=True):
            value: int | str = text
            if isinstance(place, _Index):
                value, remainder = divmod(int(text) - place.plus, place.times)
                if remainder or value < 0:
                    return None
            if values.setdefault(place.name, value) != value:
                return None
        return values

    def fill(self, values: Mapping[str, int | str]) -> str | None:
        """The name for such values, or None where an index would be below 0."""
        name = ""
        for part in self._parts:
            if isinstance(part, str):
                name += part
                continue
            value = values[part.name]
            if isinstance(part, _Index):
                value = part.times * int(value) + part.plus
                if value < 0:
                    return None
            name += str(value)
        return name

    def __repr__(self) -> str:
        return f"Pattern({self.text!r})"


def _place(text: str) -> _Index | _Word:
    if text in _WORDS:
        return _Word(text)
    found = _INDEX.fullmatch(text)
    if found is None:
        raise BadPattern(f"has a place {{{text}}}; places are {{i}} {{2*i+1}} {{leaf}} {{rest}}")
    return _Index(found[2], int(found[1] or 1), int(found[3] or 0))
